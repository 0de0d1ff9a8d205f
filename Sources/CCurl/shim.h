#pragma once
#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo take any number of arguments of any type, which Swift cannot call: one function per type of
   what is set. Each returns curl's own code. */

/* A switch, a number or milliseconds. */
static inline CURLcode pinyon_set_number(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }

/* A text, which curl copies. */
static inline CURLcode pinyon_set_text(CURL *handle, CURLoption option, const char *text) { return curl_easy_setopt(handle, option, text); }

/* Header lines, which must live as long as the transfer. */
static inline CURLcode pinyon_set_headers(CURL *handle, struct curl_slist *lines) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines);
}

/* What is posted. The size comes first: without it curl takes the bytes for a C string when it copies them. */
static inline CURLcode pinyon_set_body(CURL *handle, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes) : code;
}

/* Who is given the bytes of the answer, and what it is given beside them. */
static inline CURLcode pinyon_set_receiver(CURL *handle, size_t (*receive)(char *, size_t, size_t, void *), void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, context) : code;
}

/* Where the sentence about a failure goes: CURL_ERROR_SIZE bytes that live as long as the handle uses them. */
static inline CURLcode pinyon_set_message_buffer(CURL *handle, char *buffer) { return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, buffer); }

/* 0 where no answer has come. */
static inline long pinyon_status(CURL *handle) {
    long status = 0;
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/* The result that stands in a union. */
static inline CURLcode pinyon_result(const CURLMsg *message) { return message->data.result; }
