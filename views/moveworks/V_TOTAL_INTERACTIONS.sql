-- Interactions a day, by platform, type and actor.
-- The day is that of the interaction's CREATED_AT. UNIQUE_CONVERSATIONS counts distinct
-- CONVERSATION_ID, so it cannot be added up over rows: one conversation is in several.
SELECT
	COUNT(*) AS "TOTAL_INTERACTIONS",
	COUNT(DISTINCT i."CONVERSATION_ID") AS "UNIQUE_CONVERSATIONS",
	{day i.CREATED_AT} AS "INTERACTION_DATE",
	i."PLATFORM",
	i."TYPE",
	i."ACTOR"
FROM {table MOVEWORKS_INTERACTIONS} AS i
WHERE i."CREATED_AT" IS NOT NULL
GROUP BY {day i.CREATED_AT}, i."PLATFORM", i."TYPE", i."ACTOR"
