-- One row a location: the newest row of CURRENT_WEATHER, with all its columns.
-- Newest is what was observed last, not what was loaded last: an old file that arrives late changes
-- nothing here.
SELECT
	w."CUSTOMER_ID",
	w."LOCATION_ID",
	w."OBSERVED_AT",
	w."FETCHED_AT",
	w."LOCATION_NAME",
	w."LATITUDE",
	w."LONGITUDE",
	w."ELEVATION",
	w."TEMPERATURE",
	w."WINDSPEED",
	w."WINDDIRECTION",
	w."WEATHERCODE",
	w."IS_DAY",
	w."UTC_OFFSET_SECONDS",
	w."TIMEZONE",
	w."GENERATIONTIME_MS",
	w."EXTRA",
	w."LOAD_TIMESTAMP"
FROM (
	SELECT
		c.*,
		ROW_NUMBER() OVER (
			PARTITION BY c."CUSTOMER_ID", c."LOCATION_ID"
			ORDER BY c."OBSERVED_AT" DESC
		) AS "_AGE"
	FROM {table CURRENT_WEATHER} AS c
) AS w
WHERE w."_AGE" = 1
