#include "connector/reader.h"

static const char *const WAYS[AUTH_KINDS] = {
	[AUTH_NONE] = "none", [AUTH_BEARER] = "bearer", [AUTH_BASIC] = "basic",
	[AUTH_API_KEY] = "api_key", [AUTH_OAUTH2] = "oauth2",
};

const char *auth_kind_name(enum auth_kind kind)
{
	return kind < AUTH_KINDS ? WAYS[kind] : "";
}

/* The secret that the user gives must be used, or the API would be asked without it. */
static void need_slot(struct reader *r, struct keys keys, const struct template *value,
		      const char *way, const char *slot)
{
	if (value != NULL && !template_has(value, SLOT_AUTH, slot))
		mistake_add(r->mistakes, keys_mark(keys, "value"),
			    "auth.%s.value: {auth.%s} is missing", way, slot);
}

static void read_bearer(struct reader *r, struct keys keys, struct auth *auth)
{
	auth->value = read_template_key(r, keys, "value");
	need_slot(r, keys, auth->value, "bearer", "token");
}

static void read_basic(struct reader *r, struct keys keys, struct auth *auth,
		       const struct yaml *mark)
{
	auth->user = read_template_key(r, keys, "user");
	auth->password = read_template_key(r, keys, "password");
	if (auth->user != NULL && auth->password != NULL &&
	    !template_has(auth->user, SLOT_AUTH, NULL) &&
	    !template_has(auth->password, SLOT_AUTH, NULL))
		mistake_add(r->mistakes, mark,
			    "auth.basic: neither {auth.user} nor {auth.password} is used");
}

static void read_api_key(struct reader *r, struct keys keys, struct auth *auth,
			 const struct yaml *mark)
{
	auth->header = keys_text(keys, "header");
	auth->query = keys_text(keys, "query");
	auth->value = read_template_key(r, keys, "value");
	need_slot(r, keys, auth->value, "api_key", "key");
	if (keys_given(keys, "header") == keys_given(keys, "query") &&
	    !mistakes_unsure(r->mistakes, keys.map))
		mistake_add(r->mistakes, mark, "auth.api_key: give header or query, one of them");
}

static void read_oauth2(struct reader *r, struct keys keys, struct auth *auth,
			const struct yaml *mark)
{
	if (keys.map == NULL)
		mistake_add(r->mistakes, mark, "auth.oauth2: token_url is required");
	auth->token_url = read_template_key(r, keys, "token_url");
	auth->send = (enum auth_send)keys_choice(keys, "send");
	auth->scope = keys_text(keys, "scope");
	(void)read_query(r, keys_node(keys, "fields"), &auth->fields, &auth->fields_n);
	auth->token_at = read_pointers(r, keys, "token_at");
	auth->expires_at = read_pointers(r, keys, "expires_at");
	auth->expires_us = keys_duration(keys, "expires");
}

void read_auth(struct reader *r)
{
	struct auth *ways = r->connector->auth;
	struct keys all = keys_map(r->top, "auth");
	if (all.map == NULL) {
		ways[AUTH_NONE].given = !keys_given(r->top, "auth");
		return;
	}
	if (all.map->n == 0)
		mistake_add(r->mistakes, keys_mark(r->top, "auth"),
			    "auth: at least one way is needed; none: {} where there is no sign-in");
	for (int kind = 0; kind < AUTH_KINDS; kind++) {
		struct keys keys = keys_map(all, WAYS[kind]);
		const struct yaml *mark = keys_mark(all, WAYS[kind]);
		struct auth *auth = &ways[kind];
		auth->given = keys_own(all, WAYS[kind]) != NULL;
		if (!auth->given)
			continue;
		auth->base_url = read_template_key(r, keys, "base_url");
		if (kind == AUTH_BEARER)
			read_bearer(r, keys, auth);
		else if (kind == AUTH_BASIC)
			read_basic(r, keys, auth, mark);
		else if (kind == AUTH_API_KEY)
			read_api_key(r, keys, auth, mark);
		else if (kind == AUTH_OAUTH2)
			read_oauth2(r, keys, auth, mark);
	}
}

/* In the order of the alphabet, so that the same mistake always reads the same. */
bool connector_takes_auth(const struct connector *connector, enum auth_kind kind,
			  struct err *reterr)
{
	static const enum auth_kind ORDER[AUTH_KINDS] = {AUTH_API_KEY, AUTH_BASIC, AUTH_BEARER,
							 AUTH_NONE, AUTH_OAUTH2};
	struct buf ways;
	if (connector->auth[kind].given)
		return true;
	size_t n = 0, given = 0;
	for (int i = 0; i < AUTH_KINDS; i++)
		given += connector->auth[i].given;
	buf_init(&ways, 256);
	for (int i = 0; i < AUTH_KINDS; i++) {
		if (!connector->auth[ORDER[i]].given)
			continue;
		n++;
		buf_addf(&ways, "%s%s", n == 1 ? "" : n == given ? " or " : ", ", WAYS[ORDER[i]]);
	}
	err_set(reterr, ERR_USAGE, "%s takes %s, not %s", connector->name, buf_text(&ways),
		auth_kind_name(kind));
	buf_done(&ways);
	return false;
}
