-- Returns by day: sums of the minutes'.
CREATE OR REPLACE VIEW returns AS
SELECT sym, dt, sum("return") AS "return", stddev("return") AS deviation, count(*) AS minutes
FROM prices GROUP BY sym, dt
