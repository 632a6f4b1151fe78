-- One row a day and location: how many readings, and their lowest, mean and highest temperature.
-- The day is that of OBSERVED_AT. READINGS counts every reading of the day, also those without a
-- temperature; the mean is of those that have one.
SELECT
	{day w.OBSERVED_AT} AS "WEATHER_DATE",
	w."CUSTOMER_ID",
	w."LOCATION_ID",
	COUNT(*) AS "READINGS",
	MIN(w."TEMPERATURE") AS "MIN_TEMPERATURE",
	AVG(w."TEMPERATURE") AS "MEAN_TEMPERATURE",
	MAX(w."TEMPERATURE") AS "MAX_TEMPERATURE"
FROM {table CURRENT_WEATHER} AS w
GROUP BY {day w.OBSERVED_AT}, w."CUSTOMER_ID", w."LOCATION_ID"
