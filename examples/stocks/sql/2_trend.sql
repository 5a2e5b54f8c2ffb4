-- Every ten minutes of the newest day: prices as shares of the first, and how much they move.
CREATE OR REPLACE VIEW trend AS
WITH today AS (SELECT * FROM prices WHERE dt = (SELECT max(dt) FROM prices)),
opening AS (SELECT sym, min_by(price, ts) AS price FROM today GROUP BY sym)
SELECT CAST(from_unixtime(today.ts) AS timestamp) AS time, today.sym, today.price / opening.price - 1 AS change,
       10000 * today.volatility AS volatility
FROM today JOIN opening ON opening.sym = today.sym
WHERE today.ts % 600 = 0 OR today.alert
