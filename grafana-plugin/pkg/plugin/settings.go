package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const (
	defaultTimeout = 10 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 5 * time.Minute
)

// newClient makes the API's client out of the data source's settings: url, jsonData.timeoutMs, secureJsonData.token,
// and what Grafana adds to every HTTP data source (TLS, proxy).
func newClient(ctx context.Context, settings backend.DataSourceInstanceSettings) (*tickscope.Client, error) {
	timeout, err := timeoutOf(settings.JSONData)
	if err != nil {
		return nil, err
	}
	options, err := settings.HTTPClientOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("the HTTP settings of the data source are not valid: %w", err)
	}
	timeouts := httpclient.DefaultTimeoutOptions
	if options.Timeouts != nil {
		timeouts = *options.Timeouts
	}
	// The client's own context bounds a request; this only has to be later.
	timeouts.Timeout = timeout + time.Second
	options.Timeouts = &timeouts
	client, err := httpclient.New(options)
	if err != nil {
		return nil, fmt.Errorf("the TLS or proxy settings of the data source are not valid: %w", err)
	}
	return tickscope.New(tickscope.Options{
		URL:     settings.URL,
		Token:   settings.DecryptedSecureJSONData["token"],
		Timeout: timeout,
		HTTP:    client,
	})
}

func timeoutOf(jsonData json.RawMessage) (time.Duration, error) {
	var parsed struct {
		TimeoutMs number `json:"timeoutMs"`
	}
	if len(jsonData) > 0 {
		if err := json.Unmarshal(jsonData, &parsed); err != nil {
			return 0, fmt.Errorf("the settings of the data source are not valid JSON: %w", err)
		}
	}
	if parsed.TimeoutMs == 0 {
		return defaultTimeout, nil
	}
	timeout := time.Duration(float64(parsed.TimeoutMs) * float64(time.Millisecond))
	return min(max(timeout, minTimeout), maxTimeout), nil
}
