-- How much two symbols went together over the last full hour.
CREATE OR REPLACE VIEW correlations AS
SELECT sym, other, correlation FROM correlation WHERE ts = (SELECT max(ts) FROM correlation)
