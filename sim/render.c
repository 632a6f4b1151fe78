#include "render.h"

#include "put.h"

enum {
	DRAW_DOMAIN = 32, DRAW_ROUTE, DRAW_NOTICE, DRAW_TICKET, DRAW_PLATFORM, DRAW_TYPE,
	DRAW_LENGTH, DRAW_START, DRAW_MORE, DRAW_ASK, DRAW_FORM, DRAW_WORD, DRAW_PLUGIN,
	DRAW_OUTCOME, DRAW_LATENCY, DRAW_LATER,
};

static const char *const DOMAINS[] = {
	"OTHER", "OTHER", "OTHER", "OTHER", "OTHER", "OTHER", "IT", "IT", "IT", "IT", "IT",
	"HR", "HR", "TRAVEL_AND_EXPENSE", "PAYROLL", "FACILITY", "LEGAL",
};

enum { DOMAINS_COUNT = sizeof DOMAINS / sizeof *DOMAINS };

/* The n-th text of one that holds several, each behind a NUL. */
static const char *part(const char *texts, int n)
{
	while (n-- > 0)
		texts += strlen(texts) + 1;
	return texts;
}

/* "text", or null where it is empty. */
static char *put_or_null(char *at, const char *text)
{
	if (*text == '\0')
		return LIT(at, "null");
	*at++ = '"';
	at = put_text(at, text);
	*at++ = '"';
	return at;
}

static char *put_ticket(char *at, const char *prefix, uint64_t drawn)
{
	at = put_text(at, prefix);
	return put_number(at, 1000000 + below(drawn, 9000000));
}

static char *put_stamp(char *at, const struct scene *scene)
{
	return put(at, scene->publication->text, 24);
}

static char *put_user(char *at, const struct world *world, uint64_t talk)
{
	return put_number(at, user_number(world, world_user_of(world, talk)));
}

/* --- conversations --- */

static char *put_notice(char *at, const struct scene *scene, const char *notice)
{
	uint64_t drawn = draw(scene->base, DRAW_TICKET);
	const char *type = part(notice, 0);
	at = LIT(at, "{\"type\":\"CONVERSATION_TYPE_");
	at = put_text(at, type);
	at = LIT(at, "_NOTIFICATION\",\"source\":\"");
	at = put_text(at, part(notice, 1));
	at = LIT(at, "\",\"domain\":\"");
	at = put_text(at, part(notice, 2));
	if (type[0] == 'T') {
		at = LIT(at, "\",\"ticket_id\":\"");
		at = put_ticket(at, "INC", drawn);
	} else if (type[0] == 'C' || type[0] == 'A') {
		at = LIT(at, "\",\"campaign_id\":\"");
		at = put_number(at, 100 + below(drawn, 40));
		at = LIT(at, "\",\"campaign_name\":\"Campaign № ");
		at = put_number(at, 100 + below(drawn, 40));
	} else {
		at = LIT(at, "\",\"usecase_id\":\"");
		at = put_number(at, below(drawn, 12));
		at = LIT(at, "\",\"usecase_name\":\"Password care");
	}
	return LIT(at, "\"}");
}

static char *render_conversation(const struct scene *scene, char *at)
{
	const struct world *world = scene->world;
	uint64_t route = draw(scene->base, DRAW_ROUTE), drawn = draw(scene->base, DRAW_NOTICE);
	uint64_t domain = draw_version(scene, DRAW_DOMAIN);
	bool notification = below(route, 1000) < 95;
	bool noticed = notification && chance(drawn, 46000);
	bool named = notification && chance(drawn, 56000);
	const char *notice = WORDS_NOTICE[below(drawn, 12)];
	at = LIT(at, "{\"created_time\":\"");
	at = put_time(at, scene->date,
		      world_talk_ms(world, scene->publication->day, scene->index));
	*at++ = '"';
	if (noticed)
		at = put_notice(LIT(at, ",\"detail\":"), scene, notice);
	else if (named)
		at = LIT(at, ",\"detail\":null");
	at = put_short_id(LIT(at, ",\"id\":\""), world, CONVERSATIONS, scene->index);
	at = put_stamp(LIT(at, "\",\"last_updated_time\":\""), scene);
	at = LIT(at, "\",\"primary_domain\":");
	bool known = !chance(domain, notification ? 60000 : 500);
	at = put_or_null(at, known ? DOMAINS[below(domain, DOMAINS_COUNT)] : "");
	at = LIT(at, ",\"route\":\"");
	at = put_text(at, notification			? "Notification"
			  : below(route, 1000) > 991	? "Ticket"
			  : below(route, 1000) > 978	? "Channel"
							: "DM");
	*at++ = '"';
	if (noticed) {
		at = LIT(at, ",\"type\":\"CONVERSATION_TYPE_");
		at = LIT(put_text(at, notice), "_NOTIFICATION\"");
	} else if (named) {
		at = LIT(at, ",\"type\":null");
	}
	at = put_user(LIT(at, ",\"user_id\":\""), world, scene->index);
	return LIT(at, "\"}");
}

/* --- interactions --- */

static char *put_bot_detail(const struct scene *scene, char *at)
{
	/* how many sentences: half have at most five, some are very long */
	static const uint8_t COUNTS[16] = {1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 9, 11, 13, 17, 22, 30};
	const struct corpus *bot = &scene->world->bot;
	uint64_t length = draw(scene->base, DRAW_LENGTH);
	uint64_t start = draw(scene->base, DRAW_START);
	uint32_t count = COUNTS[below(length, 16)], half = count - count / 3;
	at = LIT(at, "{\"content\":\"");
	at = put_span(at, corpus_run(bot, below(start, bot->n - half / 2), half));
	at = put_ticket(at, "REQ", length);
	*at++ = ' ';
	if (count > half)
		at = put_span(at, corpus_run(bot, below(mix64(start), bot->n), count - half));
	return LIT(at, "\"}");
}

/* A form says what it was by `label`. */
static const char *put_form_detail(const struct scene *scene, char **at)
{
	uint64_t form = draw(scene->base, DRAW_FORM);
	uint32_t kind = below(form, 100);
	char *p = LIT(*at, "{\"detail\":\"");
	if (kind < 45) {
		p = put_ticket(p, chance(form, 40000) ? "REQ" : "INC", form);
		p = LIT(p, "\",\"resource_id\":\"");
		p = put_number(p, mix64(form % 211) >> 1);
		*at = LIT(p, "\",\"type\":\"RESOURCE_TYPE_FORM\"}");
		return "file_ticket";
	}
	if (kind < 75) {
		bool helpful = chance(draw_version(scene, DRAW_WORD), 45000);
		p = helpful ? LIT(p, "HELPFUL") : LIT(p, "UNHELPFUL");
		*at = LIT(p, "\"}");
		return "feedback";
	}
	if (kind < 90) {
		p = put_text(p, WORDS_HANDOFF[below(mix64(form), 3)]);
		*at = LIT(p, "\"}");
		return "handoff";
	}
	p = LIT(p, "CSAT Feedback\",\"content\":\"");
	p = put_text(p, WORDS_ASK[below(mix64(form), scene->world->asks)]);
	*at = LIT(p, "\"}");
	return "mw_form";
}

static char *put_ask_detail(const struct scene *scene, char *at)
{
	uint64_t drawn = draw(scene->base, DRAW_ASK), domain = draw_version(scene, DRAW_DOMAIN);
	const char *ask = WORDS_ASK[below(drawn, scene->world->asks)];
	at = LIT(at, "{\"content\":");
	at = put_or_null(at, chance(drawn, 260) ? "" : ask);
	at = LIT(at, ",\"domain\":");
	at = put_or_null(at, chance(domain, 700)    ? ""
			     : chance(domain, 6000) ? DOMAINS[below(domain, DOMAINS_COUNT)]
						    : part(ask, 1));
	at = LIT(at, ",\"entity\":");
	at = put_or_null(at, part(ask, 2));
	return LIT(at, "}");
}

static char *put_click_detail(const struct scene *scene, char *at)
{
	uint64_t drawn = draw(scene->base, DRAW_WORD);
	*at++ = '{';
	if (chance(drawn, 8000)) {
		at = put_text(LIT(at, "\"content\":\""),
			      WORDS_TITLE[below(drawn, scene->world->titles)]);
		at = LIT(at, "\",");
	}
	at = LIT(at, "\"resource_id\":\"");
	if (chance(drawn, 40000))
		at = put_text(at, chance(drawn, 20000) ? "HOME" : "MY_REQUESTS");
	else if (chance(drawn, 52000))
		at = put_number(at, mix64(drawn % 500));
	else
		at = put_hex(put_hex(at, mix64(drawn % 300)), mix64(drawn % 300 + 1));
	return LIT(at, "\",\"type\":\"RESOURCE_TYPE_INTERNAL_LINK\"}");
}

static char *put_upload_detail(const struct scene *scene, char *at)
{
	uint64_t drawn = draw(scene->base, DRAW_WORD);
	at = chance(drawn, 50000) ? LIT(at, "{\"content\":null")
				  : LIT(at, "{\"content\":\"see attachment 📎\"");
	at = LIT(at, ",\"file_types\":[\"pdf\"");
	if (chance(drawn, 20000))
		at = LIT(at, ",\"png\"");
	return LIT(at, "]}");
}

/* Writes detail; returns the type's name, and the label or NULL. The first one of a conversation
 * is words or a button, so that there is always something a plugin can answer. */
static const char *put_detail(const struct scene *scene, bool bot, bool first, char **at,
			      const char **ret_label)
{
	if (bot) {
		*at = put_bot_detail(scene, *at);
		return "BOT_MESSAGE";
	}
	uint32_t kind = below(draw(scene->base, DRAW_TYPE), first ? 603 : 1000);
	if (kind < 458) {
		*at = put_ask_detail(scene, *at);
		return "FREE_TEXT";
	}
	if (kind < 603) {
		uint64_t drawn = draw(scene->base, DRAW_WORD);
		*at = put_text(LIT(*at, "{\"content\":\""),
			       WORDS_BUTTON[below(drawn, scene->world->buttons)]);
		*at = LIT(*at, "\"}");
		return "BUTTON_CLICK";
	}
	if (kind < 923) {
		*at = put_click_detail(scene, *at);
		return "LINK_CLICK";
	}
	if (kind < 987) {
		*ret_label = put_form_detail(scene, at);
		return "UIFORM_SUBMISSION";
	}
	*at = put_upload_detail(scene, *at);
	return "CONTENT_UPLOAD";
}

static char *render_interaction(const struct scene *scene, char *at)
{
	const struct world *world = scene->world;
	uint64_t talk = spread_parent(&world->interactions, scene->index);
	uint64_t position = scene->index - spread_first(&world->interactions, talk);
	bool bot = world_is_bot(world, talk, position);
	uint32_t platform = below(draw(base_of(world, CONVERSATIONS, talk), DRAW_PLATFORM), 100);
	const char *label = "";
	at = bot ? LIT(at, "{\"actor\":\"bot") : LIT(at, "{\"actor\":\"user");
	at = put_short_id(LIT(at, "\",\"conversation_id\":\""), world, CONVERSATIONS, talk);
	at = LIT(at, "\",\"created_time\":\"");
	at = put_time(at, scene->date,
		      world_interaction_ms(world, scene->publication->day, scene->index));
	at = LIT(at, "\",\"detail\":");
	const char *type = put_detail(scene, bot, position == 0, &at, &label);
	at = put_short_id(LIT(at, ",\"id\":\""), world, INTERACTIONS, scene->index);
	at = put_or_null(LIT(at, "\",\"label\":"), label);
	at = put_stamp(LIT(at, ",\"last_updated_time\":\""), scene);
	at = LIT(at, "\",\"parent_interaction_id\":");
	if (bot) {
		uint64_t back = 1;
		while (world_is_bot(world, talk, position - back))
			back++;
		*at++ = '"';
		at = put_short_id(at, world, INTERACTIONS, scene->index - back);
		*at++ = '"';
	} else {
		at = LIT(at, "null");
	}
	at = LIT(at, ",\"platform\":\"");
	at = platform < 55   ? LIT(at, "msteams")
	     : platform < 97 ? LIT(at, "slack")
			     : LIT(at, "movewebchat");
	at = put_text(LIT(at, "\",\"type\":\"INTERACTION_TYPE_"), type);
	at = put_user(LIT(at, "\",\"user_id\":\""), world, talk);
	return LIT(at, "\"}");
}

/* --- plugin calls --- */

/* Tens of milliseconds to some tens of seconds; in a later version also a day or two, as when
 * somebody had to approve. */
static char *put_update_time(const struct scene *scene, char *at, uint32_t start_ms)
{
	double x = unit(draw(scene->base, DRAW_LATENCY));
	uint32_t ms = start_ms + 30 + (uint32_t)(x * x * x * 43000);
	uint64_t later = draw_version(scene, DRAW_LATER);
	uint32_t day = scene->publication->day;
	if (scene->publication->version > 0 && chance(later, 12000) &&
	    day + 2 < scene->world->days)
		return put_time(at, scene->world->dates[day + 1 + (later & 1)], ms % DAY_MS);
	return put_time(at, scene->date, ms < DAY_MS ? ms : DAY_MS - 1);
}

static char *render_call(const struct scene *scene, char *at)
{
	const struct world *world = scene->world;
	uint64_t cause = world_cause_of(world, scene->index);
	uint64_t talk = spread_parent(&world->interactions, cause);
	uint64_t plugin = draw(scene->base, DRAW_PLUGIN);
	uint32_t outcome = below(draw_version(scene, DRAW_OUTCOME), 384);
	uint32_t start_ms = world_call_ms(world, scene->publication->day, scene->index);
	at = put_short_id(LIT(at, "{\"conversation_id\":\""), world, CONVERSATIONS, talk);
	at = put_time(LIT(at, "\",\"created_time\":\""), scene->date, start_ms);
	at = put_short_id(LIT(at, "\",\"id\":\""), world, PLUGIN_CALLS, scene->index);
	at = put_short_id(LIT(at, "\",\"interaction_id\":\""), world, INTERACTIONS, cause);
	at = put_stamp(LIT(at, "\",\"last_updated_time\":\""), scene);
	at = LIT(at, "\",\"plugin_name\":\"");
	uint32_t name = chance(plugin, 19000) ? 0 : 1 + below(plugin, world->plugins - 1);
	at = put_text(at, WORDS_PLUGIN[name]);
	at = put_update_time(scene, LIT(at, "\",\"plugin_update_time\":\""), start_ms);
	at = outcome < 262 ? LIT(at, "\",\"served\":true,\"used\":")
			   : LIT(at, "\",\"served\":false,\"used\":");
	at = outcome < 210 ? LIT(at, "true") : LIT(at, "false");
	at = put_user(LIT(at, ",\"user_id\":\""), world, talk);
	return LIT(at, "\"}");
}

char *render_record(const struct world *world, enum entity entity,
		    const struct publication *publication, uint64_t index, char *out)
{
	struct scene scene = {
		.world = world, .publication = publication,
		.date = world->dates[publication->day], .index = index,
		.base = base_of(world, entity, index),
	};
	switch (entity) {
	case CONVERSATIONS: return render_conversation(&scene, out);
	case INTERACTIONS: return render_interaction(&scene, out);
	case PLUGIN_CALLS: return render_call(&scene, out);
	case PLUGIN_RESOURCES: return render_resource(&scene, out);
	default: return render_user(&scene, out);
	}
}

size_t render_id(const struct world *world, enum entity entity, uint64_t index,
		 char out[ID_BYTES_MAX])
{
	uint64_t base = base_of(world, entity, index);
	char *end = entity == USERS ? put_number(out, user_number(world, index))
		    : entity == PLUGIN_RESOURCES ? put_hex(put_hex(out, base), mix64(base))
						 : put_short_id(out, world, entity, index);
	return (size_t)(end - out);
}
