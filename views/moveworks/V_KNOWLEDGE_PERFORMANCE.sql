-- Knowledge articles a day: how often cited, and what became of those conversations.
-- One row an article and day, from cited resources of type knowledge. An article is its
-- RESOURCE_ID, so two articles of one name stay two rows; the day is that of the resource's
-- CREATED_AT. TIMES_CITED counts distinct interactions. The other three count distinct
-- conversations that cited the article that day and have, at any time, such an interaction: a
-- conversation rated both ways counts in both columns. A ticket is an interaction labelled
-- file_ticket, or one labelled handoff whose DETAILS.detail is in ticket_plugins.
WITH knowledge AS (
	SELECT
		r."ID",
		r."RESOURCE_ID",
		r."CITED",
		r."INTERACTION_ID",
		r."CONVERSATION_ID",
		r."CREATED_AT",
		{day r.CREATED_AT} AS "REPORT_DATE",
		NULLIF({json r.DETAILS name}, '') AS "NAME"
	FROM {table MOVEWORKS_PLUGIN_RESOURCES} AS r
	WHERE r."TYPE" = 'RESOURCE_TYPE_KNOWLEDGE'
		AND r."RESOURCE_ID" IS NOT NULL
		AND r."CREATED_AT" IS NOT NULL
),
-- The name that the day's own citations carry: the newest, the higher id of two at one moment.
day_names AS (
	SELECT k."RESOURCE_ID", k."REPORT_DATE", k."NAME"
	FROM knowledge AS k
	WHERE k."CITED" AND k."NAME" IS NOT NULL
	QUALIFY ROW_NUMBER() OVER (
		PARTITION BY k."RESOURCE_ID", k."REPORT_DATE"
		ORDER BY k."CREATED_AT" DESC, k."ID" DESC
	) = 1
),
-- Where they carry none: the newest name that the article ever had, cited or not. Only among
-- knowledge, for other types use the same ids for other things ('0' is one of them).
known_names AS (
	SELECT k."RESOURCE_ID", k."NAME"
	FROM knowledge AS k
	WHERE k."NAME" IS NOT NULL
	QUALIFY ROW_NUMBER() OVER (
		PARTITION BY k."RESOURCE_ID"
		ORDER BY k."CREATED_AT" DESC, k."ID" DESC
	) = 1
),
outcomes AS (
	SELECT
		i."CONVERSATION_ID",
		MAX(CASE WHEN i."LABEL" = 'feedback' AND {json i.DETAILS detail} = 'HELPFUL'
			THEN 1 ELSE 0 END) AS "HELPFUL",
		MAX(CASE WHEN i."LABEL" = 'feedback' AND {json i.DETAILS detail} = 'UNHELPFUL'
			THEN 1 ELSE 0 END) AS "UNHELPFUL",
		MAX(CASE WHEN i."LABEL" = 'file_ticket' OR (i."LABEL" = 'handoff'
				AND {json i.DETAILS detail} IN ({list ticket_plugins}))
			THEN 1 ELSE 0 END) AS "TICKET"
	FROM {table MOVEWORKS_INTERACTIONS} AS i
	WHERE i."LABEL" IN ('feedback', 'file_ticket', 'handoff')
	GROUP BY i."CONVERSATION_ID"
)
SELECT
	COALESCE(d."NAME", n."NAME", k."RESOURCE_ID") AS "KNOWLEDGE_NAME",
	COUNT(DISTINCT k."INTERACTION_ID") AS "TIMES_CITED",
	COUNT(DISTINCT CASE WHEN o."HELPFUL" = 1 THEN k."CONVERSATION_ID" END)
		AS "HELPFUL_FEEDBACK",
	COUNT(DISTINCT CASE WHEN o."UNHELPFUL" = 1 THEN k."CONVERSATION_ID" END)
		AS "UNHELPFUL_FEEDBACK",
	COUNT(DISTINCT CASE WHEN o."TICKET" = 1 THEN k."CONVERSATION_ID" END) AS "TICKETS_FILED",
	k."REPORT_DATE"
FROM knowledge AS k
LEFT JOIN day_names AS d
	ON d."RESOURCE_ID" = k."RESOURCE_ID" AND d."REPORT_DATE" = k."REPORT_DATE"
LEFT JOIN known_names AS n ON n."RESOURCE_ID" = k."RESOURCE_ID"
LEFT JOIN outcomes AS o ON o."CONVERSATION_ID" = k."CONVERSATION_ID"
WHERE k."CITED"
GROUP BY k."RESOURCE_ID", k."REPORT_DATE", d."NAME", n."NAME"
