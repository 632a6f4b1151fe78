-- How long each day's runs took. A run has a row a stream: it lasts from the first begin to the
-- last end.
WITH runs AS (
	SELECT
		r."RUN_ID",
		MIN(r."STARTED_AT") AS "STARTED_AT",
		CAST(DATEDIFF('millisecond', MIN(r."STARTED_AT"), MAX(r."ENDED_AT")) AS DOUBLE)
			/ 1000 AS "SECONDS",
		MAX(CASE WHEN r."OUTCOME" = 'done' THEN 0 ELSE 1 END) AS "FAILED"
	FROM "FIRN_RUNS" AS r
	WHERE r."PIPELINE" IN ({list pipeline})
	GROUP BY r."RUN_ID"
)
SELECT
	{day t.STARTED_AT} AS "DAY",
	MAX(t."SECONDS") AS "LONGEST_SECONDS",
	ROUND(AVG(t."SECONDS"), 3) AS "MEAN_SECONDS",
	COUNT(*) AS "RUNS",
	SUM(t."FAILED") AS "NOT_DONE"
FROM runs AS t
WHERE {day t.STARTED_AT} >= CAST({list since} AS DATE)
GROUP BY {day t.STARTED_AT}
ORDER BY 1
