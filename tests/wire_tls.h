/* TLS for the servers of wire.h: certificates made on the spot, and a wire that speaks TLS with
 * one of them. Linked with libssl, which firn itself only has through libcurl. */
#ifndef FIRN_TESTS_WIRE_TLS_H
#define FIRN_TESTS_WIRE_TLS_H

#include "wire.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct wire_identity {
	EVP_PKEY *key;
	X509 *certificate;
};

/* A certificate for `names` ("DNS:localhost,IP:127.0.0.1"; NULL: an authority) that is valid from
 * and until so many days from now, signed by `issuer` (NULL: by itself). */
static inline struct wire_identity wire_identify_as(const char *common_name, const char *names,
						    long from_days, long until_days,
						    const struct wire_identity *issuer)
{
	static long serial;
	struct wire_identity made = {EVP_EC_gen("P-256"), X509_new()};
	X509 *x = made.certificate;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial + time(NULL) % 1000000 * 1000);
	X509_time_adj_ex(X509_getm_notBefore(x), (int)from_days, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(x), (int)until_days, 0, NULL);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)common_name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer == NULL ? x : issuer->certificate));
	X509_set_pubkey(x, made.key);
	X509_EXTENSION *extension =
		names == NULL
			? X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE")
			: X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(x, issuer == NULL ? made.key : issuer->key, EVP_sha256());
	return made;
}

static inline struct wire_identity wire_identify(const char *names, long from_days, long until_days,
						 const struct wire_identity *issuer)
{
	return wire_identify_as(names == NULL ? "Authority" : "Server", names, from_days,
				until_days, issuer);
}

static inline void wire_forget(struct wire_identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

/* Writes the certificate as a PEM file into a new temporary file, whose name goes to `path`. */
static inline bool wire_write_certificate(const struct wire_identity *identity, char *path)
{
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool done = file != NULL && PEM_write_X509(file, identity->certificate) == 1;
	return file != NULL && fclose(file) == 0 && done;
}

static inline bool wire_tls_greet(struct wire_peer *peer)
{
	SSL *tls = SSL_new(peer->wire->user);
	peer->tls = tls;
	return SSL_set_fd(tls, peer->fd) == 1 && SSL_accept(tls) == 1;
}

static inline void wire_tls_leave(struct wire_peer *peer)
{
	SSL_shutdown(peer->tls);
	SSL_free(peer->tls);
}

static inline long wire_tls_pull(struct wire_peer *peer, void *data, size_t room)
{
	return SSL_read(peer->tls, data, (int)room);
}

static inline long wire_tls_push(struct wire_peer *peer, const void *data, size_t size)
{
	return SSL_write(peer->tls, data, (int)size);
}

/* Makes the wire one of TLS, before wire_start; wire->user is taken. */
static inline void wire_use_tls(struct wire *wire, const struct wire_identity *identity)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(context, identity->certificate);
	SSL_CTX_use_PrivateKey(context, identity->key);
	wire->user = context;
	wire->greet = wire_tls_greet;
	wire->leave = wire_tls_leave;
	wire->pull = wire_tls_pull;
	wire->push = wire_tls_push;
}

static inline void wire_stop_tls(struct wire *wire)
{
	wire_stop(wire);
	SSL_CTX_free(wire->user);
}

#endif
