-- Minutes that an alert told of.
CREATE OR REPLACE VIEW alerts AS
SELECT CAST(from_unixtime(ts) AS timestamp) AS time, sym, price, "return", zscore FROM prices WHERE alert
