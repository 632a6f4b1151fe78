/* firn.yaml(5) and the JSON Schema: the table of config/grammar.c once more. */
#include "config/config.h"
#include "config/grammar.h"

bool config_schema(struct buf *out)
{
	return keys_schema(&CONFIG_FORM, "firn.yaml", "The configuration of a firn pipeline", true,
			   out);
}

bool config_manual(struct buf *out)
{
	buf_add_text(out, ".Dd $Mdocdate$\n.Dt FIRN.YAML 5\n.Os\n.Sh NAME\n.Nm firn.yaml\n"
			  ".Nd what a firn pipeline reads and where it goes\n.Sh DESCRIPTION\n"
			  "One YAML file is one pipeline.\n"
			  "Paths are relative to its folder.\n"
			  "A key that is not known is an error, and every message begins with the\n"
			  "place: file, line and column.\n"
			  ".Pp\nIn every value\n"
			  ".Li ${NAME}\nis the environment,\n"
			  ".Li ${file:PATH}\na file's content, read again when a sign-in is "
			  "refused,\n"
			  ".Li ${cmd:[\"prog\",\"arg\"]}\n"
			  "what a program prints (no shell runs), and\n"
			  ".Li $$\na dollar sign.\n"
			  "A secret that stands in the file itself is taken only where no other\n"
			  "user can read the file.\n"
			  ".Pp\nDurations are written\n.Li 350ms , 6s , 10m , 1h , 30d ;\n"
			  "sizes\n.Li 500 , 8MiB , 1kB .\n"
			  ".Sh KEYS\n");
	(void)keys_manual(&CONFIG_FORM, out);
	buf_add_text(out, ".Sh EXAMPLES\n.Bd -literal\nversion: 1\npipeline: moveworks\n"
			  "source:\n  connector: moveworks\n"
			  "  auth: { bearer: ${MOVEWORKS_API_TOKEN} }\n"
			  "destination: { duckdb: moveworks.duckdb }\n.Ed\n"
			  ".Sh SEE ALSO\nfirn(1)\n");
	return !out->failed;
}
