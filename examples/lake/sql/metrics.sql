-- How far off the forecasts are in the days that the model has not seen.
SELECT model, metric, value FROM model_metrics ORDER BY metric, model
