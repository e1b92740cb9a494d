// Package model speaks to models that other people serve: embeddings, chat and
// reranking at endpoints in the manner of OpenAI.
//
// What an endpoint says is not trusted: answers are bounded, checked for shape and
// range, and its error texts, which may repeat what was sent, are never passed on.
// The clients are small and our own, because the bounds are the point: a general
// client library reads whole answers, keeps the server's error texts in its errors
// and retries by its own clock.
package model
