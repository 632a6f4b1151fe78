/* A fault keeps its parameters as text, by name, until it is applied: kinds are added by one
 * function and one line of the table. */
#include "faults.h"

#include "fault_kinds.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct faults {
	pthread_mutex_t lock;
	uint64_t seed, next_id;
	struct fault all[FAULTS_MAX];
	size_t n;
};

static const char *const MATCHERS[] = {
	"entity", "on", "page", "match", "nth", "times", "probability", NULL,
};
static const char *const NUMBERS[] = {
	"page", "nth", "times", "code", "bytes", "ms", "rows", "add", "mib", "skew", "to", "index",
	NULL,
};
static const char *const DECIMALS[] = {"probability", "seconds", NULL};
static const char *const ONS[] = {"records", "count", "token", "weather", "any", NULL};

static bool listed(const char *const *list, struct span name)
{
	for (; *list != NULL; list++) {
		if (span_is(name, *list))
			return true;
	}
	return false;
}

/* Among names parted by blanks. */
static bool among(const char *names, struct span name)
{
	for (;;) {
		size_t size = strcspn(names, " ");
		if (size > 0 && span_equal((struct span){names, size}, name))
			return true;
		if (names[size] == '\0')
			return false;
		names += size + 1;
	}
}

static bool is_number(struct span text, bool decimal)
{
	bool digits = false;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (c >= '0' && c <= '9')
			digits = true;
		else if (!(i == 0 && (c == '-' || c == '+')) && !(decimal && c == '.'))
			return false;
	}
	return digits && text.size < 16;
}

static bool set(struct fault *fault, struct span name, struct span value, struct err *reterr)
{
	if (!listed(MATCHERS, name) && !among(fault->kind->parameters, name))
		return err_set(reterr, ERR_USAGE,
			       "fault %s: \"%.*s\" is none of its parameters: %s",
			       fault->kind->name, SPAN_ARGS(name), fault->kind->parameters);
	if ((listed(NUMBERS, name) && !is_number(value, false)) ||
	    (listed(DECIMALS, name) && !is_number(value, true)))
		return err_set(reterr, ERR_USAGE, "fault %s: %.*s: \"%.*s\" is no number",
			       fault->kind->name, SPAN_ARGS(name), SPAN_ARGS(value));
	enum entity entity;
	if (span_is(name, "entity") && !entity_of(value, &entity))
		return err_set(reterr, ERR_USAGE, "fault %s: \"%.*s\" is no entity",
			       fault->kind->name, SPAN_ARGS(value));
	if (span_is(name, "on") && !listed(ONS, value))
		return err_set(reterr, ERR_USAGE,
			       "fault %s: on: \"%.*s\" is none of records, count, token, weather, "
			       "any",
			       fault->kind->name, SPAN_ARGS(value));
	if (span_is(name, "as") && !among(fault->kind->as, value))
		return err_set(reterr, ERR_USAGE, "fault %s: as: \"%.*s\" is none of: %s",
			       fault->kind->name, SPAN_ARGS(value), fault->kind->as);
	if (fault->n == FAULT_PARAMETERS_MAX || name.size >= sizeof fault->names[0] ||
	    value.size >= sizeof fault->values[0])
		return err_set(reterr, ERR_USAGE, "fault %s: too long", fault->kind->name);
	memcpy(fault->names[fault->n], name.at, name.size);
	memcpy(fault->values[fault->n], value.at, value.size);
	fault->n++;
	return true;
}

static bool begin(struct fault *fault, struct span kind, struct err *reterr)
{
	*fault = (struct fault){.kind = fault_kind(kind)};
	return fault->kind != NULL ||
	       err_set(reterr, ERR_USAGE, "no fault \"%.*s\" is known", SPAN_ARGS(kind));
}

static bool keep(struct faults *faults, struct fault *fault, struct err *reterr)
{
	pthread_mutex_lock(&faults->lock);
	bool room = faults->n < FAULTS_MAX;
	if (room) {
		fault->id = faults->next_id++;
		faults->all[faults->n++] = *fault;
	}
	pthread_mutex_unlock(&faults->lock);
	return room || err_set(reterr, ERR_USAGE, "more than %d faults", FAULTS_MAX);
}

bool faults_new(struct faults **ret, uint64_t seed, struct err *reterr)
{
	struct faults *faults = calloc(1, sizeof *faults);
	if (faults == NULL)
		return err_memory(reterr);
	pthread_mutex_init(&faults->lock, NULL);
	faults->seed = seed;
	faults->next_id = 1;
	*ret = faults;
	return true;
}

void faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

bool faults_add_spec(struct faults *faults, const char *spec, struct err *reterr)
{
	struct fault fault;
	size_t size = strcspn(spec, ":");
	if (!begin(&fault, (struct span){spec, size}, reterr))
		return false;
	spec += size + (spec[size] == ':');
	while (*spec != '\0') {
		size = strcspn(spec, ",");
		struct span pair = {spec, size};
		const char *sign = memchr(spec, '=', size);
		if (sign == NULL)
			return err_set(reterr, ERR_USAGE,
				       "fault %s: expected name=value, found %.*s",
				       fault.kind->name, SPAN_ARGS(pair));
		struct span name = {spec, (size_t)(sign - spec)};
		if (!set(&fault, name, span_from(pair, name.size + 1), reterr))
			return false;
		spec += size + (spec[size] == ',');
	}
	return keep(faults, &fault, reterr);
}

static bool add_object(struct faults *faults, const struct json *object, struct err *reterr)
{
	struct fault fault;
	struct json_walk walk = json_walk(object);
	if (json_kind(object) != JSON_OBJECT)
		return err_set(reterr, ERR_USAGE, "a fault is an object with \"kind\"");
	if (!begin(&fault, json_text_member(object, "kind", ""), reterr))
		return false;
	while (json_next(&walk)) {
		enum json_kind kind = json_kind(walk.value);
		struct span value = kind == JSON_NUMBER ? json_digits(walk.value)
				    : kind == JSON_TEXT ? json_text(walk.value)
							: SPAN("");
		if (span_is(walk.name, "kind"))
			continue;
		if (kind != JSON_NUMBER && kind != JSON_TEXT)
			return err_set(reterr, ERR_USAGE,
				       "fault %s: %.*s: expected text or a number",
				       fault.kind->name, SPAN_ARGS(walk.name));
		if (!set(&fault, walk.name, value, reterr))
			return false;
	}
	return keep(faults, &fault, reterr);
}

bool faults_add_json(struct faults *faults, const struct json *one_or_list, struct err *reterr)
{
	struct json_walk walk = json_walk(one_or_list);
	if (json_kind(one_or_list) != JSON_LIST)
		return add_object(faults, one_or_list, reterr);
	while (json_next(&walk)) {
		if (!add_object(faults, walk.value, reterr))
			return false;
	}
	return true;
}

void faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	faults->n = 0;
	pthread_mutex_unlock(&faults->lock);
}

static bool matches(const struct fault *fault, const struct fault_request *request)
{
	const char *on = fault_text(fault, "on", fault->kind->on);
	const char *entity = fault_text(fault, "entity", "");
	struct span part = span_of(fault_text(fault, "match", ""));
	int64_t page = fault_number(fault, "page", 0);
	if (strcmp(on, "any") != 0 && strcmp(on, ONS[request->on]) != 0)
		return false;
	if (*entity != '\0' &&
	    (request->on == ON_TOKEN || request->on == ON_WEATHER ||
	     strcmp(entity, entity_name(request->entity)) != 0))
		return false;
	if (page != 0 && (request->on != ON_RECORDS || (uint64_t)page != request->page))
		return false;
	return part.size == 0 ||
	       memmem(request->query.at, request->query.size, part.at, part.size) != NULL;
}

static bool due(const struct faults *faults, struct fault *fault)
{
	int64_t nth = fault_number(fault, "nth", 0);
	int64_t times = fault_number(fault, "times", nth > 0 ? 1 : 0);
	const char *probability = fault_text(fault, "probability", "");
	int64_t seen = ++fault->seen;
	if (seen < nth || (times > 0 && fault->fired >= times))
		return false;
	if (*probability != '\0' &&
	    unit(mix64(mix64(faults->seed ^ fault->id) + (uint64_t)seen)) >=
		    strtod(probability, NULL))
		return false;
	fault->fired++;
	return true;
}

void faults_twist(struct faults *faults, const struct fault_request *request, struct twist *ret,
		  struct buf *fired)
{
	*ret = (struct twist){0};
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->n; i++) {
		struct fault *fault = &faults->all[i];
		if (!matches(fault, request) || !due(faults, fault))
			continue;
		fault->kind->apply(fault, ret);
		if (fired->size > 0)
			buf_add_char(fired, ' ');
		buf_add_text(fired, fault->kind->name);
	}
	pthread_mutex_unlock(&faults->lock);
}

bool faults_list(struct faults *faults, struct buf *out)
{
	buf_add_char(out, '[');
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *fault = &faults->all[i];
		json_add_comma(out);
		buf_add_char(out, '{');
		json_add_string(out, "kind", fault->kind->name);
		for (size_t j = 0; j < fault->n; j++)
			json_add_string(out, fault->names[j], fault->values[j]);
		json_add_int(out, "seen", fault->seen);
		json_add_int(out, "fired", fault->fired);
		buf_add_char(out, '}');
	}
	pthread_mutex_unlock(&faults->lock);
	return buf_add_text(out, "]\n");
}
