/* Plugin resources and users: the records with long or nested details. */
#include "put.h"
#include "render.h"

enum {
	DRAW_KIND = 64, DRAW_CALLED, DRAW_CITED, DRAW_ARTICLE, DRAW_EMPTY, DRAW_LENGTH,
	DRAW_START, DRAW_SOURCE, DRAW_NAME, DRAW_ACCESS, DRAW_BEFORE, DRAW_EXTERNAL,
};

enum detail { DETAIL_NONE, DETAIL_KNOWLEDGE, DETAIL_FILE, DETAIL_FORM, DETAIL_APPROVAL,
	      DETAIL_TICKET };

/* Of 3,064: how many, how many of a thousand come without a plugin call, how many are cited. */
struct kind {
	const char *name;
	uint16_t share, without_call, cited;
	enum detail detail;
};

static const struct kind KINDS[] = {
	{"KNOWLEDGE", 1261, 565, 62, DETAIL_KNOWLEDGE},
	{"FILE", 1183, 559, 14, DETAIL_FILE},
	{"INTERNAL_KNOWLEDGE", 157, 331, 0, DETAIL_NONE},
	{"PERSON", 124, 32, 734, DETAIL_NONE},
	{"RECORD", 105, 57, 476, DETAIL_NONE},
	{"FORM", 75, 0, 747, DETAIL_FORM},
	{"APPROVAL", 53, 0, 19, DETAIL_APPROVAL},
	{"SOFTWARE", 31, 0, 999, DETAIL_NONE},
	{"GROUP", 29, 0, 483, DETAIL_NONE},
	{"TICKET", 28, 0, 964, DETAIL_TICKET},
	{"UNSPECIFIED", 10, 0, 600, DETAIL_NONE},
	{"UPLOADED_CONTENT", 6, 0, 999, DETAIL_NONE},
	{"MESSAGE", 1, 999, 0, DETAIL_NONE},
	{"IDENTITY_SYSTEM", 1, 0, 0, DETAIL_NONE},
};

static const struct kind *kind_of(const struct scene *scene)
{
	uint32_t at = below(draw(scene->base, DRAW_KIND), 3064);
	const struct kind *kind = KINDS;
	for (; at >= kind->share; kind++)
		at -= kind->share;
	return kind;
}

static char *put_snippet(const struct scene *scene, char *at, uint32_t sentences_max)
{
	const struct corpus *snippet = &scene->world->snippet;
	uint32_t count = 1 + below(draw(scene->base, DRAW_LENGTH), sentences_max);
	uint32_t from = below(draw(scene->base, DRAW_START), snippet->n - count / 2);
	at = LIT(at, ",\"snippet\":\"");
	at = put_span(at, corpus_run(snippet, from, count));
	*at++ = '"';
	return at;
}

static char *put_title(const struct scene *scene, char *at, uint64_t article)
{
	at = put_text(at, WORDS_TITLE[article % scene->world->titles]);
	at = put_number(LIT(at, " – "), article);
	return at;
}

/* A document found by a plugin call is a piece without name and address; the others are whole. */
static char *put_knowledge(const struct scene *scene, char *at, uint64_t article, bool piece)
{
	static const char *const DOMAIN[] = {"IT", "IT", "IT", "IT", "HR", "FINANCE", "LEGAL"};
	if (piece) {
		at = LIT(at, "{\"domain\":null,\"external_resource_id\":null,\"name\":null");
		at = put_snippet(scene, at, 14);
		return LIT(at, ",\"url\":null}");
	}
	at = put_text(LIT(at, "{\"domain\":\""), DOMAIN[article % 7]);
	at = put_number(LIT(at, "\",\"external_resource_id\":\"KB"), 100000 + article);
	at = put_title(scene, LIT(at, "\",\"name\":\""), article);
	*at++ = '"';
	at = put_snippet(scene, at, 11);
	at = LIT(at, ",\"url\":\"https://wiki.example.com/spaces/HELP/pages/");
	at = put_number(at, 100000 + article);
	return LIT(at, "\"}");
}

static char *put_file(const struct scene *scene, char *at, uint64_t article, bool piece)
{
	if (piece) {
		at = put_snippet(scene, LIT(at, "{\"name\":null"), 7);
		return LIT(at, ",\"url\":null}");
	}
	const char *name = WORDS_FILE[article % scene->world->files];
	at = put_text(LIT(at, "{\"name\":\""), name);
	*at++ = '"';
	at = put_snippet(scene, at, 3);
	at = LIT(at, ",\"url\":\"https://files.example.com/sites/team-");
	at = put_number(at, article);
	at = LIT(at, "/Shared%20Documents/General/Forms/AllItems.aspx?id=");
	at = put_number(at, mix64(article));
	return LIT(at, "\"}");
}

static char *put_ticket(const struct scene *scene, char *at)
{
	uint64_t drawn = draw(scene->base, DRAW_SOURCE);
	uint64_t number = 1000000 + below(drawn, 9000000);
	at = LIT(at, "{\"domain\":\"IT\",\"source\":\"snow\",\"ticket_type\":");
	at = chance(drawn, 40000) ? LIT(at, "\"INCIDENT\"") : LIT(at, "\"REQUEST_ITEM\"");
	at = chance(drawn, 20000) ? LIT(at, ",\"type\":\"BOT_INITIATED_TICKET\"")
				  : LIT(at, ",\"type\":null");
	at = LIT(at, ",\"url\":\"https://tickets.example.com/sp?view=sp&id=ticket&number=");
	return LIT(put_number(at, number), "\"}");
}

static char *put_detail(const struct scene *scene, char *at, enum detail detail, bool called)
{
	uint64_t article = draw(scene->base, DRAW_ARTICLE) % scene->world->articles;
	uint32_t empty = below(draw(scene->base, DRAW_EMPTY), 1000);
	if (detail == DETAIL_NONE || (detail == DETAIL_FILE && empty < 25) ||
	    (detail == DETAIL_KNOWLEDGE && empty < 1))
		return LIT(at, "null");
	switch (detail) {
	case DETAIL_KNOWLEDGE: return put_knowledge(scene, at, article, called);
	case DETAIL_FILE: return put_file(scene, at, article, called);
	case DETAIL_APPROVAL:
		return LIT(at, "{\"domain\":\"UNKNOWN\",\"source\":\"moveworks\","
			       "\"type\":\"UNKNOWN_TYPE\"}");
	case DETAIL_TICKET: return put_ticket(scene, at);
	default:
		at = LIT(at, "{\"domain\":\"IT\",\"external_resource_id\":\"");
		at = put_hex(put_hex(at, mix64(article)), mix64(article + 1));
		at = put_title(scene, LIT(at, "\",\"name\":\""), article % 60);
		return LIT(at, "\"}");
	}
}

/* Articles and files have one id wherever they occur; half of them a number, half hexadecimal. */
static char *put_resource_id(const struct scene *scene, char *at, const struct kind *kind)
{
	uint64_t drawn = draw(scene->base, DRAW_ARTICLE);
	uint64_t thing = mix64(drawn % scene->world->articles + kind->detail * 1000003);
	switch (kind->name[0]) {
	case 'G':
	case 'S': return put_text(at, WORDS_THING[below(drawn, scene->world->things)]);
	case 'T': return put_number(LIT(at, "INC"), 1000000 + below(drawn, 9000000));
	case 'A':
		at = put_short_id(at, scene->world, PLUGIN_CALLS, drawn >> 40);
		return LIT(at, ".person@example.com");
	default:
		return thing & 1 ? put_number(at, thing) : put_hex(put_hex(at, thing), ~thing);
	}
}

char *render_resource(const struct scene *scene, char *at)
{
	const struct world *world = scene->world;
	uint64_t call = spread_parent(&world->resources, scene->index);
	uint64_t cause = world_cause_of(world, call);
	uint64_t talk = spread_parent(&world->interactions, cause);
	const struct kind *kind = kind_of(scene);
	bool called = below(draw(scene->base, DRAW_CALLED), 1000) >= kind->without_call;
	bool cited = below(draw_version(scene, DRAW_CITED), 1000) < kind->cited;
	at = cited ? LIT(at, "{\"cited\":true") : LIT(at, "{\"cited\":false");
	at = put_short_id(LIT(at, ",\"conversation_id\":\""), world, CONVERSATIONS, talk);
	at = put_time(LIT(at, "\",\"created_time\":\""), scene->date,
		      world_resource_ms(world, scene->publication->day, scene->index));
	at = put_detail(scene, LIT(at, "\",\"detail\":"), kind->detail, called);
	at = put_hex(put_hex(LIT(at, ",\"id\":\""), scene->base), mix64(scene->base));
	at = put_short_id(LIT(at, "\",\"interaction_id\":\""), world, INTERACTIONS, cause);
	at = put(LIT(at, "\",\"last_updated_time\":\""), scene->publication->text, 24);
	at = LIT(at, "\",\"plugin_call_id\":");
	if (called) {
		*at++ = '"';
		at = put_short_id(at, world, PLUGIN_CALLS, call);
		*at++ = '"';
	} else {
		at = LIT(at, "null");
	}
	at = put_resource_id(scene, LIT(at, ",\"resource_id\":\""), kind);
	at = put_text(LIT(at, "\",\"type\":\"RESOURCE_TYPE_"), kind->name);
	at = put_number(LIT(at, "\",\"user_id\":\""),
			user_number(world, world_user_of(world, talk)));
	return LIT(at, "\"}");
}

/* --- users --- */

static char *put_email(char *at, uint64_t user)
{
	return LIT(put_number(LIT(at, "user"), user + 1), "@example.com");
}

static char *put_account(const struct scene *scene, char *at, uint32_t which)
{
	static const char *const SYSTEMS[9][2] = {
		{"gsuite", "GSUITE"}, {"webex", "WEBEX"}, {"intranet", "UNKNOWN_SYSTEM"},
		{"movewebchat", "MOVEWEBCHAT"}, {"snow", "SNOW"},
		{"jira_service_desk", "JIRA_SERVICE_DESK"}, {"slack", "SLACK"},
		{"okta", "OKTA"}, {"ms_graph", "MS_GRAPH"},
	};
	uint64_t drawn = draw(scene->base, DRAW_EXTERNAL + which);
	at = put_text(LIT(at, "{\"connector_name\":\""), SYSTEMS[which][0]);
	at = LIT(at, "\",\"external_id\":\"");
	switch (which) {
	case 4: at = put_hex(put_hex(at, drawn), mix64(drawn)); break;
	case 5: at = put_hex(LIT(at, "712020:"), drawn); break;
	case 6: at = put_number(LIT(at, "U0"), drawn >> 20); break;
	case 7: at = put_hex(LIT(at, "00u"), drawn); break;
	case 8: at = put_hex(put_hex(at, drawn), drawn ^ mix64(drawn)); break;
	default: at = put_email(at, scene->index);
	}
	at = put_text(LIT(at, "\",\"source\":\""), SYSTEMS[which][1]);
	return LIT(at, "\"}");
}

/* The first moment of the user's newest or first conversation that was told by then; of one who
 * came before the data begin, the first one is a day before them. */
static bool put_talk(const struct scene *scene, bool newest, char **at)
{
	const struct world *world = scene->world;
	uint64_t before = draw(scene->base, DRAW_BEFORE), talk = 0;
	uint32_t day = 0;
	bool earlier = chance(before, 49000);
	bool talked = world_user_talk(world, scene->index, scene->publication->stamp_ms, newest,
				      &day, &talk);
	char date[12];
	if (!talked && !earlier)
		return false;
	*(*at)++ = '"';
	if (talked && (newest || !earlier)) {
		uint64_t first = spread_first(&world->interactions, talk);
		*at = put_time(*at, world->dates[day], world_interaction_ms(world, day, first));
	} else {
		write_date(world->first_day - 2 - below(before, 700), date);
		date[10] = 'T';
		*at = put_time(*at, date, below(mix64(before), DAY_MS));
	}
	*(*at)++ = '"';
	return true;
}

/* Who never talked has null for both times. */
char *render_user(const struct scene *scene, char *at)
{
	const struct world *world = scene->world;
	uint64_t name = draw(scene->base, DRAW_NAME);
	bool access = !chance(draw_version(scene, DRAW_ACCESS), 3900);
	at = access ? LIT(at, "{\"access_to_bot\":true") : LIT(at, "{\"access_to_bot\":false");
	at = LIT(put_email(LIT(at, ",\"email_addr\":\""), scene->index), "\",\"external_ids\":");
	if (access) {
		for (uint32_t i = 0; i < 9; i++) {
			*at++ = i == 0 ? '[' : ',';
			at = put_account(scene, at, (i + below(name, 9)) % 9);
		}
		*at++ = ']';
	} else {
		at = LIT(at, "null");
	}
	at = LIT(at, ",\"first_interaction_time\":");
	if (!put_talk(scene, false, &at))
		at = LIT(at, "null");
	at = put_text(LIT(at, ",\"first_name\":\""),
		      WORDS_FIRST_NAME[below(name, world->first_names)]);
	at = put_number(LIT(at, "\",\"id\":\""), user_number(world, scene->index));
	at = put_text(LIT(at, "\",\"last_name\":\""),
		      WORDS_LAST_NAME[below(mix64(name), world->last_names)]);
	at = put(LIT(at, "\",\"last_updated_time\":\""), scene->publication->text, 24);
	at = LIT(at, "\",\"latest_interaction_time\":");
	if (!put_talk(scene, true, &at))
		at = LIT(at, "null");
	return LIT(at, ",\"user_preferred_language\":\"EN_US\"}");
}
