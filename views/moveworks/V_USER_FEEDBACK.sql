-- Conversations by the feedback that their users gave: Helpful, Unhelpful, No feedback submitted.
-- Every row of MOVEWORKS_CONVERSATIONS counts once, notifications and those without interactions
-- included. Feedback is an interaction labelled feedback whose DETAILS.detail is HELPFUL or
-- UNHELPFUL; where a conversation has both, Helpful wins. A status that no conversation has gives
-- no row. FEEDBACK_PERCENTAGE is of all conversations.
WITH feedback AS (
	SELECT
		i."CONVERSATION_ID",
		MAX(CASE WHEN {json i.DETAILS detail} = 'HELPFUL' THEN 1 ELSE 0 END) AS "HELPFUL"
	FROM {table MOVEWORKS_INTERACTIONS} AS i
	WHERE i."LABEL" = 'feedback' AND {json i.DETAILS detail} IN ('HELPFUL', 'UNHELPFUL')
	GROUP BY i."CONVERSATION_ID"
),
rated AS (
	SELECT
		CASE f."HELPFUL"
			WHEN 1 THEN 'Helpful'
			WHEN 0 THEN 'Unhelpful'
			ELSE 'No feedback submitted'
		END AS "FEEDBACK_STATUS"
	FROM {table MOVEWORKS_CONVERSATIONS} AS c
	LEFT JOIN feedback AS f ON f."CONVERSATION_ID" = c."ID"
),
counted AS (
	SELECT r."FEEDBACK_STATUS", COUNT(*) AS "CONVERSATION_COUNT"
	FROM rated AS r
	GROUP BY r."FEEDBACK_STATUS"
),
total AS (
	SELECT COUNT(*) AS "CONVERSATIONS" FROM rated AS r
)
SELECT
	n."FEEDBACK_STATUS",
	n."CONVERSATION_COUNT",
	{percent n.CONVERSATION_COUNT t.CONVERSATIONS} AS "FEEDBACK_PERCENTAGE"
FROM counted AS n
CROSS JOIN total AS t
