package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// CheckHealth is the "Save & test" button. What keeps queries from working is an error; a feed that is down is not:
// what is stored can be read, and the sentence says what is wrong.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	status, err := d.client.Status(ctx)
	if err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: err.Error()}, nil
	}
	details, err := json.Marshal(map[string]any{
		"version": status.Version, "origin": status.Origin, "broker": status.Broker, "marketOpen": status.MarketOpen,
	})
	if err != nil {
		return nil, err
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: healthSentence(status), JSONDetails: details}, nil
}

func healthSentence(status tickscope.Status) string {
	kind := status.Origin
	if status.Simulated {
		kind = "SIMULATED data, " + status.Origin
	}
	sentence := fmt.Sprintf("Tickscope %s answers (%s).", status.Version, kind)
	return strings.TrimSpace(sentence + " " + feedSentence(status))
}

func feedSentence(status tickscope.Status) string {
	if len(status.Feeds) == 0 {
		return "Warning: no feed is connected, so nothing new comes in. Stored data can be read. " + howToLogIn(status)
	}
	instruments, connected := 0, 0
	var problems []string
	for _, feed := range status.Feeds {
		instruments += feed.Instruments
		if feed.Connected {
			connected++
		} else if feed.Problem != nil {
			problems = append(problems, strings.TrimSuffix(*feed.Problem, "."))
		}
	}
	if connected == len(status.Feeds) {
		return fmt.Sprintf("The feed carries %d instruments.", instruments)
	}
	why := ""
	if len(problems) > 0 {
		why = " (" + strings.Join(problems, "; ") + ")"
	}
	return fmt.Sprintf("Warning: %d of %d feeds are not connected%s. Stored data can be read. %s",
		len(status.Feeds)-connected, len(status.Feeds), why, howToLogIn(status))
}

func howToLogIn(status tickscope.Status) string {
	if status.Simulated {
		return "See Tickscope's log, or run `npx tickscope doctor` where it runs."
	}
	return "If the broker's token has expired, run `npx tickscope login` where Tickscope runs; `npx tickscope doctor` says what else it may be."
}
