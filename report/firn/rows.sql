-- Rows that each day's runs brought, new and changed ones together.
SELECT
	{day r.STARTED_AT} AS "DAY",
	r."STREAM",
	SUM(r."ROWS_INSERTED" + r."ROWS_UPDATED") AS "ROWS"
FROM "FIRN_RUNS" AS r
WHERE r."PIPELINE" IN ({list pipeline}) AND {day r.STARTED_AT} >= CAST({list since} AS DATE)
GROUP BY {day r.STARTED_AT}, r."STREAM"
ORDER BY 1, 2
