-- The mix of a day's conversations, by route and domain.
-- The day is that of the conversation's CREATED_AT. SHARE is the percentage of all conversations of
-- that day, whatever their route and domain.
WITH mixed AS (
	SELECT
		{day c.CREATED_AT} AS "CONVERSATION_DATE",
		c."ROUTE",
		c."PRIMARY_DOMAIN",
		COUNT(*) AS "CONVERSATIONS"
	FROM {table MOVEWORKS_CONVERSATIONS} AS c
	WHERE c."CREATED_AT" IS NOT NULL
	GROUP BY {day c.CREATED_AT}, c."ROUTE", c."PRIMARY_DOMAIN"
),
days AS (
	SELECT {day c.CREATED_AT} AS "CONVERSATION_DATE", COUNT(*) AS "CONVERSATIONS"
	FROM {table MOVEWORKS_CONVERSATIONS} AS c
	WHERE c."CREATED_AT" IS NOT NULL
	GROUP BY {day c.CREATED_AT}
)
SELECT
	m."CONVERSATION_DATE",
	m."ROUTE",
	m."PRIMARY_DOMAIN",
	m."CONVERSATIONS",
	{percent m.CONVERSATIONS d.CONVERSATIONS} AS "SHARE"
FROM mixed AS m
JOIN days AS d ON d."CONVERSATION_DATE" = m."CONVERSATION_DATE"
