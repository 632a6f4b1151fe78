-- Plugins a day: how often called, served to the user, and used.
-- The day is that of the call's CREATED_AT. USE_RATE is the percentage of the served calls that
-- were used, 0 where none was served.
WITH counted AS (
	SELECT
		{day p.CREATED_AT} AS "USAGE_DATE",
		p."PLUGIN_NAME",
		COUNT(*) AS "CALLS",
		COUNT(CASE WHEN p."SERVED" THEN 1 END) AS "SERVED",
		COUNT(CASE WHEN p."USED" THEN 1 END) AS "USED"
	FROM {table MOVEWORKS_PLUGIN_CALLS} AS p
	WHERE p."CREATED_AT" IS NOT NULL
	GROUP BY {day p.CREATED_AT}, p."PLUGIN_NAME"
)
SELECT
	n."USAGE_DATE",
	n."PLUGIN_NAME",
	n."CALLS",
	n."SERVED",
	n."USED",
	{percent n.USED n.SERVED} AS "USE_RATE"
FROM counted AS n
