#include "base/private_key.h"

#include "base/bounds.h"
#include "base/digest.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct asked {
	struct span passphrase;
	bool was; /* the key is encrypted */
};

static int give_passphrase(char *room, int size, int writing, void *user)
{
	struct asked *asked = user;
	(void)writing;
	asked->was = true;
	if (asked->passphrase.at == NULL || asked->passphrase.size > (size_t)size)
		return -1;
	memcpy(room, asked->passphrase.at, asked->passphrase.size);
	return (int)asked->passphrase.size;
}

static EVP_PKEY *read_key(struct span pem, struct asked *asked, struct err *reterr)
{
	BIO *from = BIO_new_mem_buf(pem.at, (int)pem.size);
	EVP_PKEY *key = from == NULL ? NULL
				     : PEM_read_bio_PrivateKey(from, NULL, give_passphrase, asked);
	BIO_free(from);
	ERR_clear_error();
	if (key != NULL)
		return key;
	if (asked->was && asked->passphrase.at == NULL)
		err_set(reterr, ERR_USAGE, "the private key is encrypted, and no passphrase is"
			" given");
	else if (asked->was)
		err_set(reterr, ERR_USAGE, "the passphrase does not open the private key");
	else
		err_set(reterr, ERR_USAGE, "no private key is in it: a PEM text begins with"
			" -----BEGIN PRIVATE KEY----- or -----BEGIN ENCRYPTED PRIVATE KEY-----");
	return NULL;
}

static bool fingerprint(EVP_PKEY *key, struct private_key *ret, struct err *reterr)
{
	unsigned char *der = NULL, hash[SHA256_BYTES];
	struct buf text;
	int size = i2d_PUBKEY(key, &der);
	buf_init(&text, sizeof ret->fingerprint);
	bool done = size > 0 &&
		    digest_sha256((struct span){(const char *)der, (size_t)size}, hash) &&
		    buf_add_text(&text, "SHA256:") &&
		    digest_base64(&text, (struct span){(const char *)hash, sizeof hash}) &&
		    text.size < sizeof ret->fingerprint;
	if (done)
		memcpy(ret->fingerprint, buf_text(&text), text.size + 1);
	buf_done(&text);
	OPENSSL_free(der);
	return done || err_memory(reterr);
}

static bool write_plain(EVP_PKEY *key, struct private_key *ret, struct err *reterr)
{
	BIO *to = BIO_new(BIO_s_secmem());
	char *at = NULL;
	bool done = to != NULL &&
		    PEM_write_bio_PKCS8PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1;
	long size = done ? BIO_get_mem_data(to, &at) : 0;
	done = done && size > 0 && buf_add(&ret->pem, at, (size_t)size);
	BIO_free(to);
	return done || err_memory(reterr);
}

bool private_key_open(struct span pem, struct span passphrase, int bits_min,
		      struct private_key *ret, struct err *reterr)
{
	struct asked asked = {.passphrase = passphrase};
	bool done = false;
	*ret = (struct private_key){.bits = 0};
	buf_init(&ret->pem, SECRET_BYTES_MAX);
	if (pem.size > SECRET_BYTES_MAX)
		return err_set(reterr, ERR_USAGE, "the private key is too long to be one");
	EVP_PKEY *key = read_key(pem, &asked, reterr);
	if (key == NULL)
		return false;
	ret->bits = EVP_PKEY_bits(key);
	if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		err_set(reterr, ERR_USAGE, "the private key is not an RSA key");
	else if (ret->bits < bits_min)
		err_set(reterr, ERR_USAGE, "the private key has %d bits; at least %d are needed",
			ret->bits, bits_min);
	else
		done = fingerprint(key, ret, reterr) && write_plain(key, ret, reterr);
	EVP_PKEY_free(key);
	if (!done)
		private_key_done(ret);
	return done;
}

void private_key_done(struct private_key *key)
{
	buf_wipe(&key->pem);
}
