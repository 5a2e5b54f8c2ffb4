-- The items whose buyers are most those of each item.
SELECT product, rank, other, similarity
FROM recommendations
WHERE CAST(? AS integer) IS NULL OR product = CAST(? AS integer)
ORDER BY product, rank
