-- One row a day: conversations, interactions, active users, and how many were helped by knowledge.
-- Conversations and interactions are counted on the day of their own CREATED_AT; a conversation
-- that goes on after midnight gives its later interactions to the next day, which has a row even
-- where no conversation began. KNOWLEDGE_SUCCESS counts the day's conversations with a used call,
-- on whatever day, of one of knowledge_plugins; KNOWLEDGE_SUCCESS_RATE is their percentage of the
-- day's conversations, 0 where there is none.
WITH helped AS (
	SELECT DISTINCT p."CONVERSATION_ID"
	FROM {table MOVEWORKS_PLUGIN_CALLS} AS p
	WHERE p."USED" AND p."PLUGIN_NAME" IN ({list knowledge_plugins})
),
conversations AS (
	SELECT
		{day c.CREATED_AT} AS "ACTIVITY_DATE",
		COUNT(*) AS "TOTAL_CONVERSATIONS",
		COUNT(h."CONVERSATION_ID") AS "KNOWLEDGE_SUCCESS"
	FROM {table MOVEWORKS_CONVERSATIONS} AS c
	LEFT JOIN helped AS h ON h."CONVERSATION_ID" = c."ID"
	WHERE c."CREATED_AT" IS NOT NULL
	GROUP BY {day c.CREATED_AT}
),
interactions AS (
	SELECT
		{day i.CREATED_AT} AS "ACTIVITY_DATE",
		COUNT(*) AS "TOTAL_INTERACTIONS",
		COUNT(DISTINCT i."USER_ID") AS "ACTIVE_USERS"
	FROM {table MOVEWORKS_INTERACTIONS} AS i
	WHERE i."CREATED_AT" IS NOT NULL
	GROUP BY {day i.CREATED_AT}
)
SELECT
	COALESCE(c."ACTIVITY_DATE", i."ACTIVITY_DATE") AS "ACTIVITY_DATE",
	COALESCE(c."TOTAL_CONVERSATIONS", 0) AS "TOTAL_CONVERSATIONS",
	COALESCE(i."TOTAL_INTERACTIONS", 0) AS "TOTAL_INTERACTIONS",
	COALESCE(i."ACTIVE_USERS", 0) AS "ACTIVE_USERS",
	COALESCE(c."KNOWLEDGE_SUCCESS", 0) AS "KNOWLEDGE_SUCCESS",
	{percent c.KNOWLEDGE_SUCCESS c.TOTAL_CONVERSATIONS} AS "KNOWLEDGE_SUCCESS_RATE"
FROM conversations AS c
FULL OUTER JOIN interactions AS i ON i."ACTIVITY_DATE" = c."ACTIVITY_DATE"
