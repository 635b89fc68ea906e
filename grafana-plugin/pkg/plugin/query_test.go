package plugin

import (
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

func parsed(t *testing.T, model string, headers map[string]string) query {
	t.Helper()
	now := recordedAt()
	q, err := parseQuery(backend.DataQuery{
		JSON: []byte(model), TimeRange: backend.TimeRange{From: now.Add(-time.Hour), To: now},
	}, originOf(headers), "uid", now)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestStoredQueriesAreReadAsVariablesLeaveThem(t *testing.T) {
	q := parsed(t, `{"instruments":"NSE:INFY","limit":"25","strikes":"","kinds":["hole"],"field":null}`, nil)
	if q.QueryType != "candles" || q.LimitOr(7) != 25 || q.Strikes != 0 || q.Instruments[0] != "NSE:INFY" || q.Reduced {
		t.Errorf("%+v", q)
	}
	if many := parsed(t, `{"instruments":["NSE:INFY",256265]}`, nil); !slices.Equal(many.Instruments, []string{"NSE:INFY", "256265"}) {
		t.Errorf("%v", many.Instruments)
	}
}

func TestAlertingAndExpressionsAreKnownByTheirHeaders(t *testing.T) {
	for header, unattended := range map[string]bool{"FromAlert": true, "http_FromAlert": true, "http_X-Grafana-From-Expr": false} {
		if q := parsed(t, `{}`, map[string]string{header: "true"}); !q.Reduced || q.Unattended != unattended {
			t.Errorf("%s: reduced %v, unattended %v", header, q.Reduced, q.Unattended)
		}
	}
	if q := parsed(t, `{}`, map[string]string{"FromAlert": "false"}); q.Reduced {
		t.Error("FromAlert: false reduces")
	}
}

func TestAStreamGoesOnOnlyWithARangeThatEndsNow(t *testing.T) {
	q := parsed(t, `{"stream":true}`, nil)
	if !q.Live() {
		t.Error("a range that ends now is not live")
	}
	q.Range.To = q.Now.Add(-2 * time.Minute)
	if q.Live() {
		t.Error("a range that ended is live")
	}
}

func TestAutoIntervalFitsRangeAndPanel(t *testing.T) {
	for _, panel := range []struct {
		span, interval time.Duration
		points         int64
		want           string
	}{
		{time.Hour, 5 * time.Second, 800, "1m"},
		{time.Hour, 5 * time.Second, 59, "5m"},
		{6 * time.Hour, 2 * time.Minute, 800, "5m"},
		{24 * time.Hour, time.Minute, 1440, "1m"},
		{24 * time.Hour, time.Minute, 1439, "5m"},
		{30 * 24 * time.Hour, 0, 0, "1h"},
		{20 * 365 * 24 * time.Hour, 0, 100, "1d"},
	} {
		q := query{Range: backend.TimeRange{From: recordedAt().Add(-panel.span), To: recordedAt()}, PanelInterval: panel.interval, MaxDataPoints: panel.points}
		if got, err := q.CandleInterval(); err != nil || got != panel.want {
			t.Errorf("%+v: %s %v", panel, got, err)
		}
	}
}

func TestNamesAreSplitAsPeopleAndVariablesWriteThem(t *testing.T) {
	got := splitNames([]string{" NSE:INFY , NSE:TCS", "{NSE:M&M,NSE:INFY}", "", "NSE:NIFTY 50"})
	if want := []string{"NSE:INFY", "NSE:TCS", "NSE:M&M", "NSE:NIFTY 50"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for text, variable := range map[string]bool{"$x": true, "${x:csv}": true, "[[x]]": true, "NSE:INFY": false, "NSE:M&M": false} {
		if hasVariable(text) != variable {
			t.Errorf("%s", text)
		}
	}
}

func TestTitlesFollowOneRule(t *testing.T) {
	for name, want := range map[string]string{
		"change_percent": "Change %", "call_oi_change": "Call OI change", "call_iv": "Call IV", "put_ltp": "Put LTP",
		"vwap": "VWAP", "atm_strike": "ATM strike", "mean_20m": "Mean 20m", "last_price": "Last price",
	} {
		if got := title(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestRowsNamedAlikeAreOneSeriesInOrderOfTime(t *testing.T) {
	first, second := recordedAt(), recordedAt().Add(time.Hour)
	a, b, c := int64(1), int64(2), int64(3)
	frame := table("T", "", texts("instrument", []string{"X", "Y", "X"}), instants("date", []time.Time{second, first, first}), counts("n", []*int64{&a, &b, &c}))
	frames, err := reduce(frame, "n", shape{Labels: []string{"instrument"}}, recordedAt())
	if err != nil || len(frames) != 2 || frames[0].Rows() != 2 {
		t.Fatalf("%v %v", frames, err)
	}
	if value, _ := frames[0].Fields[1].ConcreteAt(0); value != int64(3) {
		t.Errorf("the earliest is %v", value)
	}
	if labels := frames[1].Fields[1].Labels; labels["instrument"] != "Y" {
		t.Errorf("%v", labels)
	}
	if _, err := reduce(frame, "instrument", shape{}, first); err == nil {
		t.Error("a text was taken for a number")
	}
}

func TestNullStaysNullAndNeverBecomesZero(t *testing.T) {
	frames, err := reduce(quoteFrame("", []tickscope.Quote{{Instrument: tickscope.Key{Symbol: "X", Exchange: "NSE"}}}), "", shape{"last_price", []string{"instrument"}}, recordedAt())
	if err != nil || !frames[0].Fields[1].NilAt(0) {
		t.Errorf("%v %v", frames, err)
	}
	fields := ladderFields(tickscope.Book{Bids: []tickscope.Level{{Price: 1, Quantity: 2, Orders: 3}}})
	if ask := fields[4]; ask.Len() != ladderLevels || !ask.NilAt(0) {
		t.Error("an empty side has prices")
	}
}

func TestGapsArePutInASentence(t *testing.T) {
	at := recordedAt()
	two := []tickscope.Gap{{From: at, To: at.Add(90 * time.Minute), Reason: "stall"}, {From: at, To: at.Add(5 * time.Second), Reason: "disconnect"}}
	if got := gapNotice("", two); got.Text != "2 holes, 1 h 30 min in all, not heard: disconnect, stall." || got.Severity != data.NoticeSeverityWarning {
		t.Errorf("%+v", got)
	}
	if got := gapNotice("X: ", []tickscope.Gap{{From: at, To: at.Add(time.Minute), Reason: "pending"}}); got.Severity != data.NoticeSeverityInfo {
		t.Errorf("%+v", got)
	}
}
