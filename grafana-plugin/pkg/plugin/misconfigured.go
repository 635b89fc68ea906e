package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// misconfigured stands in for a data source whose settings cannot work, and says so wherever it is asked.
type misconfigured struct{ err error }

func (m *misconfigured) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, query := range req.Queries {
		response.Responses[query.RefID] = failed(mistake(m.err.Error()))
	}
	return response, nil
}

func (m *misconfigured) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: m.err.Error()}, nil
}

func (m *misconfigured) CallResource(_ context.Context, _ *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	return sender.Send(resourceFailure(mistake(m.err.Error())))
}

func (m *misconfigured) SubscribeStream(context.Context, *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusPermissionDenied}, nil
}

func (m *misconfigured) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

func (m *misconfigured) RunStream(context.Context, *backend.RunStreamRequest, *backend.StreamSender) error {
	return m.err
}
