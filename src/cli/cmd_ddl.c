/* firn ddl: SQL for a person to run. */
#include "base/bounds.h"
#include "cli/cli.h"
#include "spool/segment.h"
#include "warehouse/ddl.h"
#include "warehouse/migrate.h"

#include <string.h>

enum { DDL_BYTES_MAX = 16 * MIB };

/* An option, else the configuration's, else what is usual. */
static const char *named(struct cli *cli, const char *option, const char *configured,
			 const char *usual)
{
	const char *given = option_text(&cli->parsed, option);
	return given != NULL ? given : configured != NULL ? configured : usual;
}

/* Of the configured connector what the configuration selects; without one everything. */
static bool is_wanted(const struct setup *setup, const struct stream *stream)
{
	const struct connector *connector = setup->connector;
	if (connector == NULL)
		return true;
	if (stream < connector->streams || stream >= connector->streams + connector->streams_n)
		return false;
	if (setup->config->streams_n == 0)
		return !stream->optional;
	return setup_configured(setup->config, stream->name) != NULL;
}

struct wanted {
	const struct table **tables;
	const char **folders;
	size_t n;
};

static bool find_wanted(struct setup *setup, struct wanted *ret, struct err *reterr)
{
	struct arena *arena = setup->arena;
	ret->tables = arena_array(arena, setup->streams_n, sizeof *ret->tables);
	ret->folders = arena_array(arena, setup->streams_n, sizeof *ret->folders);
	if (ret->tables == NULL || ret->folders == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < setup->streams_n; i++) {
		const struct planned *planned = &setup->streams[i];
		char folder[SEGMENT_FOLDER_BYTES];
		if (!is_wanted(setup, planned->stream))
			continue;
		if (!segment_table_folder(span_of(planned->stream->table), folder, reterr))
			return false;
		ret->tables[ret->n] = planned->table;
		ret->folders[ret->n] = arena_text(arena, span_of(folder));
		if (ret->folders[ret->n++] == NULL)
			return err_memory(reterr);
	}
	return true;
}

/* Those of the option, else the one who collects here. */
static bool find_customers(struct cli *cli, struct ddl_landing *landing, struct err *reterr)
{
	struct arena *arena = cli->setup->arena;
	const struct yaml *settings = cli->config->settings;
	const struct yaml *id = settings == NULL ? NULL : yaml_member(settings, "customer_id");
	size_t n;
	const char *const *given = option_names(&cli->parsed, "customers", &n);
	const char **customers = arena_array(arena, n + 1, sizeof *customers);
	const char **folders = arena_array(arena, n + 1, sizeof *folders);
	if (customers == NULL || folders == NULL)
		return err_memory(reterr);
	customers[0] = id != NULL && id->kind == YAML_SCALAR ? id->text.at
							     : cli->config->pipeline;
	for (size_t i = 0; i < n; i++)
		customers[i] = given[i];
	landing->customers_n = n > 0 ? n : 1;
	for (size_t i = 0; i < landing->customers_n; i++) {
		char folder[SEGMENT_FOLDER_BYTES];
		if (!segment_customer_folder(span_of(customers[i]), folder, reterr))
			return false;
		folders[i] = arena_text(arena, span_of(folder));
		if (folders[i] == NULL)
			return err_memory(reterr);
	}
	landing->customers = customers;
	landing->customer_folders = folders;
	return true;
}

static bool write_landing(struct cli *cli, const struct wanted *wanted, struct buf *out,
			  struct err *reterr)
{
	const struct config *config = cli->config;
	const struct config_ddl *ddl = &config->ddl;
	const struct config_s3 *s3 = &config->s3;
	struct ddl_landing landing = {
		.database = named(cli, "database", ddl->database, "FIRN"),
		.schema = named(cli, "schema", ddl->schema, "LANDING"),
		.warehouse = named(cli, "warehouse", ddl->warehouse, "FIRN"),
		.role = named(cli, "role", ddl->role, "FIRN"),
		.integration = named(cli, "integration", ddl->integration, "FIRN_S3"),
		.stage = named(cli, "stage", ddl->stage, "FIRN_LANDING"),
		.aws_role_arn = named(cli, "aws-role-arn", ddl->aws_role_arn,
				      "arn:aws:iam::000000000000:role/firn-snowflake"),
		.bucket = s3->bucket,
		.prefix = s3->prefix,
		.region = s3->region,
		.pipeline = config->pipeline,
		.tables = wanted->tables,
		.folders = wanted->folders,
		.tables_n = wanted->n,
	};
	if (s3->encryption == ENCRYPT_KMS)
		landing.kms_key = s3->kms_key_id != NULL ? s3->kms_key_id : "*";
	if (ddl->aws_role_arn == NULL && option_text(&cli->parsed, "aws-role-arn") == NULL)
		cli_say(cli, "the AWS role is not known: replace 000000000000, or give "
			     "ddl.aws_role_arn");
	return find_customers(cli, &landing, reterr) && ddl_landing(out, &landing, reterr);
}

static bool write_ddl(struct cli *cli, struct buf *out, struct err *reterr)
{
	struct wanted wanted = {0};
	if (!find_wanted(cli->setup, &wanted, reterr))
		return false;
	switch (cli->config->to) {
	case CONFIG_TO_S3:
		return write_landing(cli, &wanted, out, reterr);
	case CONFIG_TO_SNOWFLAKE:
		return ddl_tables(out, WAREHOUSE_SNOWFLAKE, wanted.tables, wanted.n, reterr);
	case CONFIG_TO_DUCKDB:
		return ddl_tables(out, WAREHOUSE_DUCKDB, wanted.tables, wanted.n, reterr);
	case CONFIG_TO_FOLDER:
	case CONFIG_TO_NOWHERE:
		break;
	}
	return err_set(reterr, ERR_USAGE, "%s: a folder needs no SQL; firn load brings its files "
		       "into a warehouse", cli->config->file);
}

/* The warehouse is looked at, and nothing is changed there. */
static bool write_migration(struct cli *cli, struct buf *out, struct err *reterr)
{
	struct warehouse *warehouse = NULL;
	struct wanted wanted = {0};
	size_t n = 0;
	bool done = find_wanted(cli->setup, &wanted, reterr) &&
		    setup_open_warehouse(cli->setup, true, &warehouse, reterr) &&
		    migrate_sql(warehouse, wanted.tables, wanted.n, out, &n, reterr);
	warehouse_close(warehouse);
	if (done && n == 0)
		cli_say(cli, "nothing is to be migrated: no table has types of others");
	else if (done)
		cli_say(cli, "%zu tables; read it, run it, then firn check", n);
	return done;
}

int cmd_ddl(struct cli *cli)
{
	struct buf out;
	struct err why = {0};
	bool migrate = option_flag(&cli->parsed, "migrate");
	if (migrate ? !cli_setup_landing(cli) : !cli_setup_tables(cli))
		return EXIT_USAGE;
	buf_init(&out, DDL_BYTES_MAX);
	bool done = migrate ? write_migration(cli, &out, &why) : write_ddl(cli, &out, &why);
	bool printed = !done || cli_print(cli, buf_span(&out));
	buf_done(&out);
	if (!done)
		return cli_fail(cli, &why);
	return cli_finish_output(cli, printed ? EXIT_DONE : EXIT_FAILED);
}
