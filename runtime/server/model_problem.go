package server

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	answers "github.com/bulkhead-dev/bulkhead/runtime/answer"
	modelapi "github.com/bulkhead-dev/bulkhead/runtime/model"
)

// modelPatience is after how long a model that failed may work again, when its
// endpoint does not say.
const modelPatience = 5 * time.Second

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
	if errors.Is(err, modelapi.ErrOverloaded) || errors.Is(err, modelapi.ErrUnreachable) {
		wait := failure.RetryAfter
		if wait <= 0 {
			wait = modelPatience
		}
		p.retryAfter = int(math.Ceil(wait.Seconds()))
	}
	return p, true
}

// outcomeOf is what became of a call to a model, as metrics have it.
func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	for name, kind := range map[string]error{
		"refused": modelapi.ErrRefused, "overloaded": modelapi.ErrOverloaded, "unreachable": modelapi.ErrUnreachable,
		"malformed": modelapi.ErrMalformed, "too_large": modelapi.ErrTooLarge,
	} {
		if errors.Is(err, kind) {
			return name
		}
	}
	return "ended" // by us: the client left, lost its rights, or was not to wait any longer
}
