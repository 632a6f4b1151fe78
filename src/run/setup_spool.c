/* Which streams go through the spool, and under whose name. */
#include "run/setup.h"

static const struct stream *eldest(const struct stream *stream)
{
	while (stream->for_each != NULL)
		stream = stream->for_each;
	return stream;
}

/* What is read once is on disk first, and so is all that is asked for its rows, or whose rows it
 * is asked for: they are of one load. */
void setup_mark_spooled(struct setup *setup)
{
	for (size_t i = 0; i < setup->streams_n; i++) {
		struct planned *planned = &setup->streams[i];
		const struct stream *eldest_of = eldest(planned->stream);
		planned->spooled = setup_lands(setup);
		for (size_t k = 0; k < setup->streams_n; k++)
			planned->spooled |=
				setup->streams[k].stream->keeps == KEEPS_NOTHING &&
				eldest(setup->streams[k].stream) == eldest_of;
	}
}

bool setup_lands(const struct setup *setup)
{
	return setup->config->to == CONFIG_TO_S3 || setup->config->to == CONFIG_TO_FOLDER;
}

struct span setup_customer(const struct setup *setup)
{
	const struct setting_value *found = settings_find(&setup->settings, SPAN("customer_id"));
	if (found != NULL && found->value.kind != VALUE_ABSENT && found->value.text.size > 0)
		return found->value.text;
	return span_of(setup->config->pipeline);
}
