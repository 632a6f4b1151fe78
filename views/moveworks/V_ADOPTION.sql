-- Adoption a day: active users against those who have access, and who came for the first time.
-- A row for each day with interactions; ACTIVE_USERS are their distinct USER_ID. ENABLED_USERS are
-- those with access to the bot now, the same in every row, for the source keeps no history of it.
-- ADOPTION_RATE is the percentage, 0 where nobody has access. NEW_USERS are those whose
-- FIRST_INTERACTION_AT is on this day: the first of all, also where older ones were not loaded.
WITH active AS (
	SELECT
		{day i.CREATED_AT} AS "ACTIVITY_DATE",
		COUNT(DISTINCT i."USER_ID") AS "ACTIVE_USERS"
	FROM {table MOVEWORKS_INTERACTIONS} AS i
	WHERE i."CREATED_AT" IS NOT NULL
	GROUP BY {day i.CREATED_AT}
),
enabled AS (
	SELECT COUNT(CASE WHEN u."HAS_ACCESS_TO_BOT" THEN 1 END) AS "ENABLED_USERS"
	FROM {table MOVEWORKS_USERS} AS u
),
arrived AS (
	SELECT {day u.FIRST_INTERACTION_AT} AS "ACTIVITY_DATE", COUNT(*) AS "NEW_USERS"
	FROM {table MOVEWORKS_USERS} AS u
	WHERE u."FIRST_INTERACTION_AT" IS NOT NULL
	GROUP BY {day u.FIRST_INTERACTION_AT}
)
SELECT
	a."ACTIVITY_DATE",
	a."ACTIVE_USERS",
	e."ENABLED_USERS",
	{percent a.ACTIVE_USERS e.ENABLED_USERS} AS "ADOPTION_RATE",
	COALESCE(n."NEW_USERS", 0) AS "NEW_USERS"
FROM active AS a
CROSS JOIN enabled AS e
LEFT JOIN arrived AS n ON n."ACTIVITY_DATE" = a."ACTIVITY_DATE"
