#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* What follows are macros in OpenSSL, which Swift does not see. */

static inline int pinyon_tls13_only(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

/* Idle connections give their record buffers back. */
static inline void pinyon_release_buffers(SSL_CTX *context) { SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); }

static inline void pinyon_no_session_cache(SSL_CTX *context) { SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); }

static inline int pinyon_server_name(SSL *session, const char *name) { return (int)SSL_set_tlsext_host_name(session, name); }

static inline EVP_PKEY *pinyon_new_p256_key(void) { return EVP_EC_gen("P-256"); }
