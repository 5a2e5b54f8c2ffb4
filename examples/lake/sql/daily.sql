-- What was sold from one day to another, each product apart, and what had been forecast the day before.
SELECT date_format(daily.day, '%Y-%m-%d') AS day, product, category, units, sales, CAST(revenue AS double) AS revenue, forecast
FROM daily
WHERE daily.day BETWEEN CAST(? AS date) AND CAST(? AS date)
  AND (CAST(? AS integer) IS NULL OR product = CAST(? AS integer))
ORDER BY daily.day, product
