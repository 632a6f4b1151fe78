-- Resources a day, by type: how many were found, and how many of them cited.
-- The day is that of the resource's CREATED_AT. CITATION_RATE is the percentage of the resources
-- that were cited in an answer.
WITH counted AS (
	SELECT
		{day r.CREATED_AT} AS "REPORT_DATE",
		r."TYPE",
		COUNT(*) AS "RESOURCES",
		COUNT(CASE WHEN r."CITED" THEN 1 END) AS "CITED"
	FROM {table MOVEWORKS_PLUGIN_RESOURCES} AS r
	WHERE r."CREATED_AT" IS NOT NULL
	GROUP BY {day r.CREATED_AT}, r."TYPE"
)
SELECT
	n."REPORT_DATE",
	n."TYPE",
	n."RESOURCES",
	n."CITED",
	{percent n.CITED n.RESOURCES} AS "CITATION_RATE"
FROM counted AS n
