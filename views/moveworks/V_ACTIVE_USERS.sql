-- Active users a day, by platform.
-- Active is who has an interaction that day: distinct USER_ID of interactions, the bot's to this
-- user included. Who was on two platforms counts on both.
SELECT
	COUNT(DISTINCT i."USER_ID") AS "ACTIVE_USERS",
	{day i.CREATED_AT} AS "ACTIVITY_DATE",
	i."PLATFORM"
FROM {table MOVEWORKS_INTERACTIONS} AS i
WHERE i."CREATED_AT" IS NOT NULL
	AND i."USER_ID" IS NOT NULL
GROUP BY {day i.CREATED_AT}, i."PLATFORM"
