-- Conversations a day, by route and domain.
-- A conversation is a row of MOVEWORKS_CONVERSATIONS, whose ids are unique; the day is that of its
-- CREATED_AT. PRIMARY_DOMAIN is NULL where the vendor gave none (most notifications).
SELECT
	COUNT(*) AS "TOTAL_CONVERSATIONS",
	{day c.CREATED_AT} AS "CONVERSATION_DATE",
	c."ROUTE",
	c."PRIMARY_DOMAIN"
FROM {table MOVEWORKS_CONVERSATIONS} AS c
WHERE c."CREATED_AT" IS NOT NULL
GROUP BY {day c.CREATED_AT}, c."ROUTE", c."PRIMARY_DOMAIN"
