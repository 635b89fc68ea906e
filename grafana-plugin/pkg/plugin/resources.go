package plugin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const (
	defaultSuggestions = 50
	maxSuggestions     = 1000
)

// routes are what the editors and variables ask: GET, JSON.
func (d *Datasource) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /instruments", answerJSON(d.suggestInstruments))
	mux.HandleFunc("GET /variables/{kind}", answerJSON(d.variableValues))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusNotFound, resourceError{"There is no " + r.Method + " " + r.URL.Path + " in this data source."})
	})
}

type resourceError struct {
	Message string `json:"message"`
}

// suggestion of the instrument picker.
type suggestion struct {
	Value       string `json:"value"`
	Label       string `json:"label"`
	Description string `json:"description"`
}

func (d *Datasource) suggestInstruments(r *http.Request) (any, error) {
	filter := filterOf(r, defaultSuggestions)
	found, err := d.client.Instruments(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	return column(found, func(instrument tickscope.Instrument) suggestion {
		return suggestion{instrument.Name(), instrument.Symbol, describe(instrument)}
	}), nil
}

// describe is what tells an instrument from its namesakes: Infosys · NSE · EQ.
func describe(instrument tickscope.Instrument) string {
	var parts []string
	if instrument.FullName != nil && *instrument.FullName != "" && *instrument.FullName != instrument.Symbol {
		parts = append(parts, *instrument.FullName)
	}
	parts = append(parts, instrument.Exchange, instrument.InstrumentType)
	if instrument.Expiry != nil {
		parts = append(parts, *instrument.Expiry)
	}
	return strings.Join(parts, " · ")
}

// filterOf reads a search; what a variable has not filled in does not filter.
func filterOf(r *http.Request, limit int) tickscope.InstrumentFilter {
	if asked, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && asked > 0 {
		limit = min(asked, maxSuggestions)
	}
	return tickscope.InstrumentFilter{
		Search:     parameter(r, "search"),
		Exchange:   parameter(r, "exchange"),
		Segment:    parameter(r, "segment"),
		Type:       parameter(r, "type"),
		Underlying: parameter(r, "underlying"),
		Expiry:     parameter(r, "expiry"),
		Limit:      limit,
	}
}

func parameter(r *http.Request, name string) string {
	value := strings.TrimSpace(r.URL.Query().Get(name))
	if hasVariable(value) || value == "$__all" {
		return ""
	}
	return value
}

func answerJSON(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := answer(r)
		if err != nil {
			writeJSON(w, int(statusOf(err)), resourceError{err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, body)
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		backend.Logger.Warn("an answer could not be written", "error", err.Error())
	}
}

func resourceFailure(err error) *backend.CallResourceResponse {
	body, marshalErr := json.Marshal(resourceError{err.Error()})
	if marshalErr != nil {
		body = []byte(`{"message":"the data source is not configured"}`)
	}
	return &backend.CallResourceResponse{
		Status:  int(statusOf(err)),
		Headers: map[string][]string{"Content-Type": {"application/json"}},
		Body:    body,
	}
}
