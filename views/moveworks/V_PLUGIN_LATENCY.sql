-- Plugins a day: the median and the 95th percentile of the seconds that their calls took.
-- A call takes from CREATED_AT, whose day it is, to PLUGIN_UPDATE_TIME. The percentiles are
-- continuous (interpolated) and, as timestamps are, to the microsecond; calls without an update
-- count in CALLS only, and a day that has none but these gives NULL. An approval that waits for
-- days is in them as it is.
WITH timed AS (
	SELECT
		{day p.CREATED_AT} AS "USAGE_DATE",
		p."PLUGIN_NAME",
		CAST(DATEDIFF('microsecond', p."CREATED_AT", p."PLUGIN_UPDATE_TIME") AS DOUBLE)
			/ 1000000 AS "SECONDS"
	FROM {table MOVEWORKS_PLUGIN_CALLS} AS p
	WHERE p."CREATED_AT" IS NOT NULL
)
SELECT
	t."USAGE_DATE",
	t."PLUGIN_NAME",
	COUNT(*) AS "CALLS",
	ROUND(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY t."SECONDS"), 6) AS "P50_SECONDS",
	ROUND(PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY t."SECONDS"), 6) AS "P95_SECONDS"
FROM timed AS t
GROUP BY t."USAGE_DATE", t."PLUGIN_NAME"
