/* firn flush: delivers what is spooled. */
#include "base/bounds.h"
#include "cli/cli.h"
#include "cli/delivery.h"
#include "run/collect.h"
#include "run/viewset.h"

#include <stdlib.h>

/* --- for people --- */

void delivery_tell(const struct load_delivery *delivery, struct buf *out)
{
	if (delivery->files > 0)
		buf_addf(out, "delivered %lld file%s with %lld row%s, %lld bytes\n",
			 (long long)delivery->files, delivery->files == 1 ? "" : "s",
			 (long long)delivery->rows, delivery->rows == 1 ? "" : "s",
			 (long long)delivery->bytes);
	if (delivery->quarantined > 0)
		buf_addf(out, "%lld files were set aside in the spool's quarantine/, each with its "
			 "reason beside it\n", (long long)delivery->quarantined);
	if (delivery->left > 0)
		buf_addf(out, "%lld file%s in the spool: %s\n", (long long)delivery->left,
			 delivery->left == 1 ? " waits" : "s wait", delivery->why.text);
	else if (delivery->why.kind != ERR_NONE)
		buf_addf(out, "not all is delivered: %s\n", delivery->why.text);
}

bool delivery_is_whole(const struct load_delivery *delivery)
{
	return delivery->left == 0 && delivery->quarantined == 0 && !delivery->unsealed &&
	       delivery->why.kind == ERR_NONE;
}

struct credentials_environment cli_aws_environment(void)
{
	return (struct credentials_environment){
		.aws_access_key_id = getenv("AWS_ACCESS_KEY_ID"),
		.aws_secret_access_key = getenv("AWS_SECRET_ACCESS_KEY"),
		.aws_session_token = getenv("AWS_SESSION_TOKEN"),
		.aws_region = getenv("AWS_REGION"),
		.aws_default_region = getenv("AWS_DEFAULT_REGION"),
		.aws_endpoint_url = getenv("AWS_ENDPOINT_URL"),
		.aws_endpoint_url_s3 = getenv("AWS_ENDPOINT_URL_S3"),
		.aws_endpoint_url_sts = getenv("AWS_ENDPOINT_URL_STS"),
		.aws_profile = getenv("AWS_PROFILE"),
		.aws_config_file = getenv("AWS_CONFIG_FILE"),
		.aws_shared_credentials_file = getenv("AWS_SHARED_CREDENTIALS_FILE"),
		.home = getenv("HOME"),
		.aws_role_arn = getenv("AWS_ROLE_ARN"),
		.aws_web_identity_token_file = getenv("AWS_WEB_IDENTITY_TOKEN_FILE"),
		.aws_role_session_name = getenv("AWS_ROLE_SESSION_NAME"),
		.aws_container_credentials_relative_uri =
			getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		.aws_container_credentials_full_uri =
			getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		.aws_container_authorization_token =
			getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
		.aws_container_authorization_token_file =
			getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		.aws_ec2_metadata_disabled = getenv("AWS_EC2_METADATA_DISABLED"),
		.aws_ec2_metadata_service_endpoint = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
	};
}

/* --- doing it --- */

static int tell(struct cli *cli, const struct load_delivery *delivery)
{
	struct buf out;
	buf_init(&out, MIB);
	if (!cli->quiet)
		delivery_tell(delivery, &out);
	bool printed = cli_print(cli, buf_span(&out));
	buf_done(&out);
	return cli_finish_output(cli, printed && delivery_is_whole(delivery) ? EXIT_DONE
									     : EXIT_FAILED);
}

void cli_seal(struct cli *cli)
{
	struct load_options options = {.command = "start", .setup = cli->setup, .log = cli->log};
	struct err why = {0}, old = {0};
	if (!setup_lock(cli->setup, options.command, &old, &why) ||
	    !collect_seal(&options, &why))
		log_line(cli->log, LOG_WARNING, NULL, "what the spool holds unsealed stays so "
			 "until the next firn run, start or flush: %s", why.text);
}

int cmd_flush(struct cli *cli)
{
	struct load_delivery delivery;
	struct credentials_environment aws = cli_aws_environment();
	struct load_options options = {.command = "flush", .stop = cli->stop, .aws = &aws};
	struct viewset views;
	struct err why = {0}, old = {0};

	if (!cli_setup(cli))
		return EXIT_USAGE;
	if (!viewset_make(cli->setup, &views, &why))
		return cli_fail(cli, &why);
	if (!cli_log(cli))
		return EXIT_FAILED;
	if (!setup_lock(cli->setup, options.command, &old, &why))
		return cli_fail(cli, &why);
	options.setup = cli->setup;
	options.log = cli->log;
	options.progress = cli->progress;
	if (cli->config->create_views) {
		options.views = views.views;
		options.views_n = views.n;
		options.view_options = &views.options;
	}
	cli->catch_signals();
	if (!collect_flush(&options, &delivery, &why))
		return cli_fail(cli, &why);
	return tell(cli, &delivery);
}
