-- How often each plugin was served and used.
SELECT
	COALESCE(p."PLUGIN_NAME", '(none)') AS "PLUGIN_NAME",
	SUM(p."SERVED") AS "SERVED",
	SUM(p."USED") AS "USED",
	SUM(p."CALLS") AS "CALLS"
FROM {table V_PLUGIN_USAGE} AS p
WHERE p."USAGE_DATE" >= CAST({list since} AS DATE)
GROUP BY COALESCE(p."PLUGIN_NAME", '(none)')
ORDER BY 2 DESC, 1
