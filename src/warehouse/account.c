#include "warehouse/account.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define GLOBAL ".snowflakecomputing.com"
#define CHINA ".snowflakecomputing.cn"
#define PRIVATE "privatelink"
#define SNOWSIGHT "app.snowflake.com/"
#define SNOWSIGHT_CHINA "app.snowflake.cn/"

static bool cut_front(struct span *text, const char *with)
{
	size_t size = strlen(with);
	if (text->size < size || !text_same_nocase((struct span){text->at, size}, span_of(with)))
		return false;
	*text = (struct span){text->at + size, text->size - size};
	return true;
}

static bool cut_back(struct span *text, const char *with)
{
	size_t size = strlen(with);
	if (text->size < size ||
	    !text_same_nocase((struct span){text->at + text->size - size, size}, span_of(with)))
		return false;
	text->size -= size;
	return true;
}

static struct span up_to(struct span text, const char *ends)
{
	size_t size = 0;
	while (size < text.size && strchr(ends, text.at[size]) == NULL)
		size++;
	return (struct span){text.at, size};
}

static struct span behind(struct span text, struct span first)
{
	size_t cut = first.size < text.size ? first.size + 1 : text.size;
	return (struct span){text.at + cut, text.size - cut};
}

/* Regions have a hyphen in them, names of accounts behind an organisation's never have. */
static bool is_region(struct span text)
{
	return memchr(text.at, '-', text.size) != NULL ||
	       text_same_nocase(text, SPAN(PRIVATE)) || text_same_nocase(text, SPAN("global"));
}

static bool is_name(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.'))
			return false;
	}
	for (size_t i = 1; i < text.size; i++) {
		if (text.at[i] == '.' && text.at[i - 1] == '.')
			return false;
	}
	return text.size > 0 && strchr(".-", text.at[0]) == NULL &&
	       strchr(".-", text.at[text.size - 1]) == NULL;
}

static void lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 'a' - 'A');
		if (*text == '_') /* no host name has one */
			*text = '-';
	}
}

/* app.snowflake.com/ORG/ACCOUNT, and in older links /REGION/LOCATOR. */
static bool of_snowsight(struct span path, struct buf *ret)
{
	struct span first = up_to(path, "/?#"), second = up_to(behind(path, first), "/?#");
	if (first.size == 0 || second.size == 0)
		return false;
	if (is_region(first))
		return buf_addf(ret, "%.*s.%.*s", SPAN_ARGS(second), SPAN_ARGS(first));
	return buf_addf(ret, "%.*s-%.*s", SPAN_ARGS(first), SPAN_ARGS(second));
}

/* Behind "user:password@", which some URLs have; an @ in the query is a user's own. */
static struct span behind_user(struct span given)
{
	for (size_t i = up_to(given, "?#").size; i > 0; i--) {
		if (given.at[i - 1] == '@')
			return (struct span){given.at + i, given.size - i};
	}
	return given;
}

/* Snowsight by a private link: app.REGION.privatelink… has the account in its path, and
 * app-ORG-ACCOUNT.privatelink… in its name. */
static bool of_private_snowsight(struct span host, struct span path, struct buf *ret)
{
	struct span first = up_to(host, ".");
	struct span rest = behind(host, first);
	if (!cut_front(&first, "app"))
		return false;
	if (first.size == 0 && cut_back(&rest, "." PRIVATE)) {
		struct buf account;
		buf_init(&account, ACCOUNT_BYTES);
		bool done = of_snowsight(path, &account) &&
			    buf_addf(ret, "%s." PRIVATE, buf_text(&account));
		buf_done(&account);
		return done;
	}
	return text_same_nocase(rest, SPAN(PRIVATE)) && cut_front(&first, "-") &&
	       memchr(first.at, '-', first.size) != NULL &&
	       buf_addf(ret, "%.*s." PRIVATE, SPAN_ARGS(first));
}

/* A region belongs to a locator; behind an organisation's account no host has one. */
static struct span without_region(struct span first, struct span rest)
{
	struct span last = rest;
	if (memchr(first.at, '-', first.size) == NULL)
		return rest;
	while (memchr(last.at, '.', last.size) != NULL)
		last = behind(last, up_to(last, "."));
	bool kept = text_same_nocase(last, SPAN(PRIVATE)) ||
		    text_same_nocase(last, SPAN("global"));
	return kept ? last : (struct span){rest.at, 0};
}

static struct span trim(struct span given)
{
	while (given.size > 0 && strchr(" \t\r\n", given.at[0]) != NULL)
		given = (struct span){given.at + 1, given.size - 1};
	while (given.size > 0 && strchr(" \t\r\n", given.at[given.size - 1]) != NULL)
		given.size--;
	return given;
}

static bool find_identifier(struct span given, struct buf *ret, bool *ret_china)
{
	given = trim(given);
	bool web = cut_front(&given, "https://") || cut_front(&given, "http://");
	bool driver = cut_front(&given, "jdbc:snowflake://") || cut_front(&given, "snowflake://");
	if (driver)
		given = behind_user(given);
	*ret_china = cut_front(&given, SNOWSIGHT_CHINA);
	if (*ret_china || cut_front(&given, SNOWSIGHT))
		return of_snowsight(given, ret);
	struct span host = up_to(given, "/?#:");
	bool whole = host.size == given.size;
	*ret_china = cut_back(&host, CHINA);
	bool named = *ret_china || cut_back(&host, GLOBAL);
	/* An address of something else, or half of one, is no account. */
	if (!named && (web || (!whole && !driver) ||
		       text_same_nocase(up_to(host, "."), SPAN("snowflakecomputing"))))
		return false;
	struct span first = up_to(host, "."), rest = behind(host, first);
	if (named && of_private_snowsight(host, behind(given, up_to(given, "/")), ret))
		return true;
	if (!named && rest.size > 0 && memchr(rest.at, '.', rest.size) == NULL && !is_region(rest))
		return buf_addf(ret, "%.*s-%.*s", SPAN_ARGS(first), SPAN_ARGS(rest));
	if (named || rest.size == 0)
		return buf_add_span(ret, host);
	rest = without_region(first, rest);
	return buf_addf(ret, "%.*s%s%.*s", SPAN_ARGS(first), rest.size > 0 ? "." : "",
			SPAN_ARGS(rest));
}

bool account_parse(const char *given, struct account *ret, struct err *reterr)
{
	struct buf text;
	buf_init(&text, ACCOUNT_BYTES - sizeof GLOBAL);
	bool china, done = find_identifier(span_of(given), &text, &china) &&
			   is_name(buf_span(&text));
	if (done) {
		struct span name = up_to(buf_span(&text), ".");
		struct span region = behind(buf_span(&text), name);
		china |= cut_front(&region, "cn-");
		snprintf(ret->name, sizeof ret->name, "%.*s", SPAN_ARGS(name));
		text_upper(ret->name);
		snprintf(ret->host, sizeof ret->host, "%s%s", buf_text(&text),
			 china ? CHINA : GLOBAL);
		lower(ret->host);
	} else {
		/* Without a password, before the host or in the query. */
		struct span shown = up_to(behind_user(span_of(given)), "?#");
		err_set(reterr, ERR_USAGE, "'%.*s' is no Snowflake account: it looks like"
			" myorg-myaccount, xy12345.eu-north-1.aws, or"
			" https://myorg-myaccount.snowflakecomputing.com", SPAN_ARGS(shown));
	}
	buf_done(&text);
	return done;
}
