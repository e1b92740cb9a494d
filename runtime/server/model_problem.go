package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	answers "github.com/bulkhead-dev/bulkhead/runtime/answer"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	modelapi "github.com/bulkhead-dev/bulkhead/runtime/model"
)

// modelPatience is after how long a model that failed may work again, when its
// endpoint does not say.
const modelPatience = 5 * time.Second

const noVectors = "The tenant's embedding model gave no vectors for the text, and nothing was changed"

// embedderProblem tells of the failure of an embedding model.
func embedderProblem(err error) (problem, bool) {
	var failure *corpus.EmbedderError
	if !errors.As(err, &failure) || errors.Is(err, context.Canceled) {
		return problem{}, false
	}
	p := problem{http.StatusBadGateway, unavailable, ingest.CodeEmbedder, noVectors, 0}
	var told *modelapi.Error
	switch {
	case !errors.As(err, &told):
		p.status, p.retryAfter = http.StatusServiceUnavailable, int(modelPatience.Seconds())
		p.message += ": it took too long. Send the request again after Retry-After."
	case mayPass(told):
		p.status, p.retryAfter = http.StatusServiceUnavailable, waitFor(told)
		p.message += fmt.Sprintf(": %s. Send the request again after Retry-After.", told)
	default:
		p.message += fmt.Sprintf(": %s. Tell your operator.", told)
	}
	return p, true
}

// suggestAsync tells who sent a file, which a model took too long for, what leaves it
// more time.
func suggestAsync(err error) error {
	var told *modelapi.Error
	p, failed := embedderProblem(err)
	if !failed || errors.As(err, &told) {
		return err
	}
	p.message = noVectors + ": it took too long. Send the file again with 'Prefer: respond-async', which leaves it more time."
	return errors.Join(p, err)
}

// mayPass reports whether asking a model again later may help.
func mayPass(failure *modelapi.Error) bool {
	return errors.Is(failure, modelapi.ErrOverloaded) || errors.Is(failure, modelapi.ErrUnreachable)
}

// waitFor is how many seconds a client is asked to wait for a model.
func waitFor(failure *modelapi.Error) int {
	wait := failure.RetryAfter
	if wait <= 0 {
		wait = modelPatience
	}
	return int(math.Ceil(wait.Seconds()))
}

// modelProblem tells of the failure of a chat model. What modelapi.Error says holds
// nothing that the endpoint said or was told.
func modelProblem(err error) (problem, bool) {
	var failure *modelapi.Error
	switch {
	case errors.Is(err, answers.ErrBudget):
		return badRequest("question_too_long", "The question is longer than the tenant's model reads: shorten it."), true
	case !errors.As(err, &failure):
		return problem{}, false
	}
	p := problem{
		http.StatusBadGateway, unavailable, "model_unavailable",
		fmt.Sprintf("The tenant's model gave no whole answer: %s. With \"answerer\": %q, or the model %s, it is not needed.", failure, byDocument, extractiveModel), 0,
	}
	if mayPass(failure) {
		p.retryAfter = waitFor(failure)
	}
	return p, true
}
