-- Conversations by what their users said of them, since the first one.
SELECT f."FEEDBACK_STATUS", f."CONVERSATION_COUNT", f."FEEDBACK_PERCENTAGE"
FROM {table V_USER_FEEDBACK} AS f
ORDER BY f."FEEDBACK_STATUS"
