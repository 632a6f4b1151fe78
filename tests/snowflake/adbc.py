"""Snowflake's ADBC driver, loaded as firn loads it: the shared library, its first function, and
options by name.

    with adbc.connect(snowflake.options(), username="FIRN", password="x") as connection:
        connection.run('SELECT 1')                  # rows as tuples
        connection.ingest("STAGE", arrow_table)     # what the driver says it took
        connection.begin(); connection.run("MERGE ..."); connection.commit()

The options of the driver that matter, with what they do (all are texts):

  of a database, before it is opened
    username, password, uri                    the standard ones; uri is a DSN of the Go driver
    adbc.snowflake.sql.account .db .schema .warehouse .role .region
    adbc.snowflake.sql.uri.protocol .uri.host .uri.port
    adbc.snowflake.sql.auth_type               auth_snowflake auth_jwt auth_pat auth_oauth auth_wif
                                               auth_okta auth_ext_browser auth_mfa
    adbc.snowflake.sql.client_option.
      jwt_private_key                          a file's path: PKCS#1 or PKCS#8, not encrypted
      jwt_private_key_pkcs8_value              the PEM text itself: PKCS#8, encrypted (PBES2) too
      jwt_private_key_pkcs8_password           its passphrase
      jwt_expire_timeout                       of the token: 60s unless told
      auth_token                               PAT or OAuth token
      identity_provider                        AWS GCP AZURE OIDC
      login_timeout                            300s; for tries and the pauses between them
      request_timeout                          0s: no limit but seven more tries
      client_timeout                           900s; one HTTP request with its answer
      keep_session_alive                       true: Close leaves the session open
      app_name                                 [ADBC][Go-...] is put in front
      disable_telemetry                        true | false
      tracing                                  fatal (unless told) error warn info debug trace
      config_file                              a logging configuration
      use_high_precision                       false: NUMBER without decimals becomes int64
      max_timestamp_precision                  microseconds, else nanoseconds that overflow in 2262
      tls_skip_verify, ocsp_fail_open_mode     of certificates' revocation, not of certificates
      store_temp_creds, cache_mfa_token, okta_url
    any other name                             a session parameter, upper-cased: TIMEZONE ...
  of a connection
    adbc.connection.autocommit, .catalog, .db_schema
  of a statement
    adbc.ingest.target_table, adbc.ingest.mode
    adbc.snowflake.statement.query_tag
    adbc.snowflake.statement.ingest_writer_concurrency, .ingest_upload_concurrency,
      .ingest_copy_concurrency, .ingest_target_file_size, .ingest_use_vectorized_scanner
    adbc.rpc.result_queue_size, adbc.snowflake.rpc.prefetch_concurrency
"""

import contextlib

import adbc_driver_manager
import pyarrow

import emulator

ENTRY = "AdbcDriverSnowflakeInit"
STATEMENT = "adbc.snowflake.statement."
OPTION = "adbc.snowflake.sql.client_option."
# As firn is to send them.
SESSION = {"TIMEZONE": "UTC", "QUERY_TAG": "firn moveworks", "LOCK_TIMEOUT": "600",
           "ABORT_DETACHED_QUERY": "TRUE"}
# One array an ingest, nothing side by side, a file that holds a whole batch.
INGEST = {STATEMENT + "ingest_writer_concurrency": "1",
          STATEMENT + "ingest_upload_concurrency": "1",
          STATEMENT + "ingest_copy_concurrency": "1",
          STATEMENT + "ingest_target_file_size": str(32 * 1024 * 1024)}
READING = {OPTION + "use_high_precision": "false",
           OPTION + "max_timestamp_precision": "microseconds"}
QUICK = {OPTION + "request_timeout": "5s", OPTION + "login_timeout": "5s"}


class Connection:
    def __init__(self, options):
        self._database = adbc_driver_manager.AdbcDatabase(driver=str(emulator.DRIVER),
                                                          entrypoint=ENTRY, **options)
        try:
            self._connection = adbc_driver_manager.AdbcConnection(self._database)
        except BaseException:
            self._database.close()
            raise

    def close(self):
        self._connection.close()
        self._database.close()

    def table(self, sql, options=None):
        """The rows of a statement as an Arrow table, read to their end."""
        with adbc_driver_manager.AdbcStatement(self._connection) as statement:
            if options:
                statement.set_options(**options)
            statement.set_sql_query(sql)
            stream, _ = statement.execute_query()
            with pyarrow.RecordBatchReader._import_from_c(stream.address) as reader:
                return reader.read_all()

    def run(self, sql, options=None):
        table = self.table(sql, options)
        return list(zip(*[column.to_pylist() for column in table.columns], strict=True))

    def update(self, sql):
        """The number of rows that the driver tells without a result."""
        with adbc_driver_manager.AdbcStatement(self._connection) as statement:
            statement.set_sql_query(sql)
            return statement.execute_update()

    def ingest(self, name, table, mode="adbc.ingest.mode.append", options=None, stream=False):
        """One array (or, as a stream, as many as the table has); what the driver says it took."""
        with adbc_driver_manager.AdbcStatement(self._connection) as statement:
            statement.set_options(**{"adbc.ingest.target_table": name, "adbc.ingest.mode": mode,
                                     **(INGEST if options is None else options)})
            if stream:
                reader = table.to_reader()
                handle = adbc_driver_manager.ArrowArrayStreamHandle()
                reader._export_to_c(handle.address)
                statement.bind_stream(handle)
            else:
                batch = table.combine_chunks().to_batches()[0]
                array = adbc_driver_manager.ArrowArrayHandle()
                schema = adbc_driver_manager.ArrowSchemaHandle()
                batch._export_to_c(array.address, schema.address)
                statement.bind(array, schema)
            return statement.execute_update()

    def begin(self):
        self._connection.set_autocommit(False)

    def end(self):
        """Autocommit on again: the driver commits what is open."""
        self._connection.set_autocommit(True)

    def commit(self):
        self._connection.commit()

    def roll_back(self):
        self._connection.rollback()


@contextlib.contextmanager
def connect(options, **more):
    """`more`: options whose names are words."""
    connection = Connection({**READING, **QUICK, **options, **more})
    try:
        yield connection
    finally:
        connection.close()
