-- Each partition of the trusted zone, in figures that any other engine must give as well.
SELECT CAST(day AS varchar) AS day, count(*) AS sales, sum(usd) AS usd, min(usd) AS least, max(usd) AS most,
       sum(quantity) AS units
FROM sales
GROUP BY day
ORDER BY day
