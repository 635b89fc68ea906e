package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// mistake is a question that cannot be answered as asked: a sentence for the person who asked it.
type mistake string

func (m mistake) Error() string { return string(m) }

func mistakef(format string, args ...any) error { return mistake(fmt.Sprintf(format, args...)) }

// failed is the answer to a query that has none. Grafana shows the sentence on the panel or as the rule's error.
func failed(err error) backend.DataResponse {
	return backend.DataResponse{
		Error:       errors.New(err.Error()),
		Status:      statusOf(err),
		ErrorSource: sourceOf(err),
	}
}

func statusOf(err error) backend.Status {
	var question mistake
	var known *tickscope.Error
	switch {
	case errors.Is(err, context.Canceled):
		return backend.Status(499)
	case errors.As(err, &question):
		return backend.StatusBadRequest
	case !errors.As(err, &known):
		return backend.StatusInternal
	}
	switch known.Kind {
	case tickscope.KindTimeout:
		return backend.StatusTimeout
	case tickscope.KindUnauthorized:
		return backend.StatusUnauthorized
	case tickscope.KindForbidden:
		return backend.StatusForbidden
	case tickscope.KindSettings:
		return backend.StatusBadRequest
	case tickscope.KindAPI:
		return backend.Status(known.Status)
	default:
		return backend.StatusBadGateway
	}
}

func sourceOf(err error) backend.ErrorSource {
	var known *tickscope.Error
	var question mistake
	if errors.As(err, &known) || errors.As(err, &question) || errors.Is(err, context.Canceled) {
		return backend.ErrorSourceDownstream
	}
	return backend.ErrorSourcePlugin
}
