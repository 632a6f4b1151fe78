/* Who may ask for weather, how often, and what is answered. */
#include "weather.h"

#include "filter.h"

#include <stdlib.h>

static void refuse(struct outcome *out, unsigned status, const char *words)
{
	answer_error(&out->answer, status, "reason", words);
}

static bool signed_in(const struct sim *sim, const struct request *request, struct outcome *out)
{
	const char *key = sim->options.weather_key;
	struct buf given;
	if (key == NULL)
		return true;
	buf_init(&given, WEATHER_QUERY_BYTES);
	out->auth = !query_value(request->query, "apikey", &given) ? AUTH_NONE
		    : span_is(buf_span(&given), key)		     ? AUTH_RIGHT
								     : AUTH_WRONG;
	buf_done(&given);
	if (out->auth == AUTH_NONE)
		refuse(out, 401, "API key required");
	else if (out->auth == AUTH_WRONG)
		refuse(out, 400, "The supplied API key is invalid.");
	return out->auth == AUTH_RIGHT;
}

static void answer(struct sim *sim, const struct request *request, bool history,
		   struct weather_question *question, struct outcome *out)
{
	struct err err = {0};
	int64_t now_us = moment_now_us(sim->moment);
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		refuse(out, 404, "Not Found");
		return;
	}
	if (!signed_in(sim, request, out))
		return;
	if (!weather_read(request->query, history, now_us, question, &err)) {
		refuse(out, 400, err.text);
		return;
	}
	const char *words = weather_quota_take(sim->quota, now_us, weather_weight(question));
	if (words != NULL)
		refuse(out, 429, words);
	else
		weather_answer(question, sim->options.world.seed, now_us, &out->twist,
			       &out->answer);
}

bool weather(struct sim *sim, const struct request *request, struct outcome *out)
{
	bool history = span_is(request->path, "/history/v1/forecast");
	if (!history && !span_is(request->path, "/v1/forecast")) {
		if (!span_starts(request->path, SPAN("/v1/")))
			return false;
		refuse(out, 404, "Not Found");
		return true;
	}
	handle_twist(sim, request, ON_WEATHER, out);
	if (out->twist.status != 0) {
		const char *style = out->twist.style;
		if (*style == '\0')
			style = out->twist.status == 502 ? "html" : "reason";
		answer_error(&out->answer, out->twist.status, style, out->twist.message);
		return true;
	}
	struct weather_question *question = malloc(sizeof *question);
	if (question == NULL)
		refuse(out, 503, "The service is overloaded.");
	else
		answer(sim, request, history, question, out);
	free(question);
	return true;
}
