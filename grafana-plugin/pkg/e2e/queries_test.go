package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/harness"
)

type candleBody struct {
	Candles []map[string]any `json:"candles"`
	Gaps    []map[string]any `json:"gaps"`
}

// apiCandles asks until nothing is pending: the first look may still be fetching.
func (w *world) apiCandles(t *testing.T, instrument, interval string, from, to time.Time) candleBody {
	t.Helper()
	path := fmt.Sprintf("/api/candles?instrument=%s&interval=%s&from=%d&to=%d", url.QueryEscape(instrument), interval, from.UnixMilli(), to.UnixMilli())
	for range 40 {
		var body candleBody
		w.api(t, path, &body)
		if len(body.Gaps) == 0 && len(body.Candles) > 0 {
			return body
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("%s has holes that do not heal", instrument)
	return candleBody{}
}

func (w *world) candlesEqualRows(t *testing.T) {
	from, to := window()
	instruments := []string{infy, nifty}
	want := map[string]candleBody{}
	for _, name := range instruments {
		want[name] = w.apiCandles(t, name, "1m", from, to)
	}
	answer := w.askIn(t, model{"instruments": instruments, "interval": "1m"}, from, to, nil)
	if answer.Error != nil || len(answer.Frames) != 2 {
		t.Fatalf("got %d frames, error %v", len(answer.Frames), answer.Error)
	}
	columns := map[string]string{
		"time": "time", "open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume",
		"open_interest": "openInterest", "trades": "trades", "vwap": "vwap", "source": "source", "complete": "complete",
	}
	for i, frame := range answer.Frames {
		name := instruments[i]
		if frame.Name != name+" 1m" || frame.Meta.Type != data.FrameTypeTimeSeriesWide {
			t.Errorf("frame %q of type %q", frame.Name, frame.Meta.Type)
		}
		rows := want[name].Candles
		if frame.Rows() != len(rows) || len(frame.Fields) != len(columns) {
			t.Fatalf("%s: %d rows of %d fields; the API has %d", name, frame.Rows(), len(frame.Fields), len(rows))
		}
		for _, field := range frame.Fields {
			for row := range rows {
				if got := cell(field, row); got != rows[row][columns[field.Name]] {
					t.Fatalf("%s row %d %s: %v, the API says %v", name, row, field.Name, got, rows[row][columns[field.Name]])
				}
			}
			if field.Type().Numeric() && field.Labels["instrument"] != name {
				t.Errorf("%s %s is labelled %v", name, field.Name, field.Labels)
			}
		}
	}
	if volume, _ := answer.Frames[1].FieldByName("volume"); volume.NilAt(0) == false {
		t.Error("an index has a volume")
	}
}

func (w *world) autoInterval(t *testing.T) {
	now := time.Now()
	for span, want := range map[time.Duration]string{time.Hour: "1m", 30 * time.Hour: "5m", 7 * 24 * time.Hour: "15m", 200 * 24 * time.Hour: "1d"} {
		answer := w.askIn(t, model{"instruments": []string{infy}, "interval": "auto", "heal": false}, now.Add(-span), now, nil)
		if answer.Error != nil || !strings.HasSuffix(answer.Frames[0].Name, " "+want) {
			t.Errorf("%s: wanted %s, got %v %v", span, want, answer.Frames[0].Name, answer.Error)
		}
	}
}

func (w *world) holesShow(t *testing.T) {
	// Long before this Tickscope ran, and not healed: nobody listened.
	day := time.Now().Add(-50 * 24 * time.Hour)
	answer := w.askIn(t, model{"instruments": []string{infy}, "interval": "1h", "heal": false}, day, day.Add(24*time.Hour), nil)
	if answer.Error != nil {
		t.Fatal(answer.Error)
	}
	if text := noticeTexts(answer.Frames); !strings.Contains(text, "not_subscribed") {
		t.Errorf("notices: %q", text)
	}
	custom, _ := answer.Frames[0].Meta.Custom.(map[string]any)
	about, _ := custom["tickscope"].(map[string]any)
	gaps, _ := about["gaps"].([]any)
	if len(gaps) == 0 || about["origin"] != "simulator:1" || about["token"] != float64(infyToken) {
		t.Fatalf("meta.custom: %v", about)
	}
	gap, _ := gaps[0].(map[string]any)
	if from, ok := gap["from"].(float64); !ok || from < float64(day.Add(-time.Hour).UnixMilli()) {
		t.Errorf("a gap is %v", gap)
	}
}

func (w *world) openInterestEqualsRows(t *testing.T) {
	from, to := window()
	var listed []map[string]any
	_, body, err := w.backend.Resource(t.Context(), w.settings, "variables/future", "underlying=NIFTY")
	if err != nil || unmarshal(body, &listed) != nil || len(listed) == 0 {
		t.Fatalf("no future: %s %v", body, err)
	}
	future, _ := listed[0]["value"].(string)
	w.apiCandles(t, future, "1m", from, to)
	var want struct {
		Series []map[string]any `json:"series"`
	}
	w.api(t, fmt.Sprintf("/api/oi?instrument=%s&interval=1m&from=%d&to=%d", url.QueryEscape(future), from.UnixMilli(), to.UnixMilli()), &want)
	answer := w.askIn(t, model{"queryType": "oi", "view": "both", "instruments": []string{future}, "interval": "1m"}, from, to, nil)
	if answer.Error != nil || len(want.Series) == 0 || answer.Frames[0].Rows() != len(want.Series) {
		t.Fatalf("error %v, API has %d rows", answer.Error, len(want.Series))
	}
	for field, key := range map[string]string{"time": "time", "open_interest": "openInterest", "open_interest_change": "change"} {
		column, _ := answer.Frames[0].FieldByName(field)
		for row := range want.Series {
			if got := cell(column, row); got != want.Series[row][key] {
				t.Fatalf("row %d %s: %v, the API says %v", row, field, got, want.Series[row][key])
			}
		}
	}
}

// quotesAndLadder compares what moves: between two equal answers of the API the frame must equal them.
func (w *world) quotesAndLadder(t *testing.T) {
	for range 30 {
		var before, after struct{ Quotes []map[string]any }
		path := "/api/quote?instrument=" + url.QueryEscape(infy+","+nifty)
		w.api(t, path, &before)
		frame := w.frames(t, model{"queryType": "ticks", "instruments": []string{infy, nifty}})[0]
		w.api(t, path, &after)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			continue
		}
		columns := map[string]string{"time": "time", "last_price": "lastPrice", "change": "change", "change_percent": "changePercent", "open": "open", "volume": "volume", "average_price": "averagePrice"}
		for field, key := range columns {
			column, _ := frame.FieldByName(field)
			for row := range before.Quotes {
				if got := cell(column, row); got != before.Quotes[row][key] {
					t.Fatalf("%s row %d: %v, the API says %v", field, row, got, before.Quotes[row][key])
				}
			}
		}
		w.ladder(t)
		return
	}
	t.Fatal("the market never held still between three requests")
}

func (w *world) ladder(t *testing.T) {
	for range 30 {
		var before, after struct{ Bids, Asks []map[string]any }
		path := "/api/depth?instrument=" + url.QueryEscape(infy)
		w.api(t, path, &before)
		frame := w.frames(t, model{"queryType": "depth", "instruments": []string{infy}})[0]
		w.api(t, path, &after)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			continue
		}
		for row := range 5 {
			got := make([]any, len(frame.Fields))
			for i, field := range frame.Fields {
				got[i] = cell(field, row)
			}
			bid, ask := before.Bids[row], before.Asks[row]
			want := []any{float64(row + 1), bid["orders"], bid["quantity"], bid["price"], ask["price"], ask["quantity"], ask["orders"]}
			if !slices.Equal(got, want) {
				t.Fatalf("level %d: %v, the API says %v", row+1, got, want)
			}
		}
		return
	}
	t.Fatal("the book never held still between three requests")
}

func (w *world) everyView(t *testing.T) {
	views := []struct {
		query  model
		fields string
		empty  bool
	}{
		{model{"queryType": "oi", "instruments": []string{"NSE:INFY"}}, "time open_interest price", true},
		{model{"queryType": "depth", "view": "spread", "instruments": []string{infy}}, "time spread spread_bps mid imbalance", true},
		{model{"queryType": "ticks", "view": "history", "instruments": []string{infy}}, "time price quantity volume", true},
		{model{"queryType": "vix"}, "time value change trend regime", false},
		{model{"queryType": "vix", "view": "regimes"}, "from to regime minutes average low high", false},
		{model{"queryType": "vix", "view": "now"}, "time value change_percent trend regime mean_20m percentile_year day_open day_high day_low", false},
		{model{"queryType": "chain", "underlying": "NIFTY", "strikes": "3"}, "call_oi call_oi_change call_volume call_iv call_change_percent call_ltp strike put_ltp put_change_percent put_iv put_volume put_oi_change put_oi call_instrument put_instrument", false},
		{model{"queryType": "chain", "underlying": "NIFTY", "view": "oi"}, "strike call_oi put_oi call_oi_change put_oi_change", false},
		{model{"queryType": "chain", "underlying": "NIFTY", "view": "summary"}, "underlying expiry spot atm_strike put_call_ratio max_pain call_oi put_oi days_to_expiry", false},
		{model{"queryType": "movers"}, "instrument last_price change change_percent volume volume_ratio open high low reference", false},
		{model{"queryType": "movers", "window": "1m", "by": "gainers"}, "instrument last_price change change_percent volume volume_ratio open high low reference", true},
		{model{"queryType": "movers", "view": "breadth"}, "advances declines unchanged ratio advance_volume decline_volume", false},
		{model{"queryType": "movers", "view": "volatility"}, "instrument volatility_percent last_price", true},
		{model{"queryType": "movers", "view": "buildup", "segment": "NFO-FUT"}, "instrument buildup change_percent open_interest oi_change oi_change_percent", true},
		{model{"queryType": "quality"}, "instrument completeness gap_seconds gaps", false},
		{model{"queryType": "quality", "view": "holes"}, "instrument from to seconds reason status", true},
		{model{"queryType": "quality", "view": "repairs"}, "instrument from to seconds cause status attempts last_attempt_at recovered_at source feed instruments instruments_left message", true},
		{model{"queryType": "quality", "view": "daily"}, "date instrument completeness accuracy quality", true},
		{model{"queryType": "quality", "field": "day"}, "time day", false},
		{model{"queryType": "events", "kinds": []string{"session", "hole"}}, "time timeEnd title text tags", true},
	}
	for _, view := range views {
		answer := w.ask(t, view.query)
		if answer.Error != nil {
			t.Errorf("%v: %v", view.query, answer.Error)
			continue
		}
		frame := answer.Frames[0]
		if got := strings.Join(names(frame), " "); got != view.fields {
			t.Errorf("%v has the fields\n%s, not\n%s", view.query, got, view.fields)
		}
		if !view.empty && frame.Rows() == 0 {
			t.Errorf("%v is empty", view.query)
		}
		if frame.Meta.Type == data.FrameTypeUnknown || frame.Meta.TypeVersion.IsZero() {
			t.Errorf("%v has no meta.type", view.query)
		}
	}
}

func (w *world) alertFrames(t *testing.T) {
	from, to := window()
	for _, header := range []string{"FromAlert", "http_FromAlert"} {
		for _, rule := range []struct {
			query model
			field string
			count int
		}{
			{model{"instruments": []string{infy, nifty}}, "close", 2},
			{model{"queryType": "ticks", "instruments": []string{infy, nifty}}, "last_price", 2},
			{model{"queryType": "movers", "limit": 4}, "change_percent", 4},
			{model{"queryType": "vix", "view": "now"}, "value", 1},
			{model{"queryType": "quality", "instruments": []string{infy}}, "completeness", 1},
		} {
			answer := w.askIn(t, rule.query, from, to, map[string]string{header: "true"})
			if answer.Error != nil || len(answer.Frames) != rule.count {
				t.Errorf("%v: %d frames, error %v", rule.query, len(answer.Frames), answer.Error)
				continue
			}
			labels := map[string]bool{}
			for _, frame := range answer.Frames {
				if len(frame.Fields) != 2 || frame.Fields[0].Type() != data.FieldTypeTime || frame.Fields[1].Name != rule.field {
					t.Errorf("%v: fields %v", rule.query, names(frame))
				}
				if frame.Meta.Type != data.FrameTypeTimeSeriesMulti {
					t.Errorf("%v: type %s", rule.query, frame.Meta.Type)
				}
				labels[frame.Fields[1].Labels.String()] = true
			}
			if len(labels) != rule.count {
				t.Errorf("%v: labels %v do not tell %d series apart", rule.query, labels, rule.count)
			}
		}
	}
}

func (w *world) notices(t *testing.T) {
	hundred := make([]string, 101)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("NSE:NONE%d", i)
	}
	for _, bad := range []struct {
		query model
		says  string
	}{
		{model{"instruments": []string{}}, "No instrument is chosen"},
		{model{"instruments": []string{""}}, "No instrument is chosen"},
		{model{"instruments": []string{"$instrument"}}, "$instrument has no value"},
		{model{"instruments": []string{"${instrument:csv}"}}, "has no value"},
		{model{"instruments": []string{"$__all"}}, "All instruments at once are too many"},
		{model{"instruments": []string{"NSE:INFYY"}}, "Did you mean NSE:INFY"},
		{model{"instruments": []string{"watchlist:none"}}, "There is no watchlist"},
		{model{"instruments": hundred}, "the first 100"},
		{model{"queryType": "ticks", "instruments": []string{"NSE:NONE"}}, "There is no instrument"},
		{model{"queryType": "depth", "instruments": []string{"NSE:NONE"}}, "There is no instrument"},
		{model{"queryType": "chain"}, "No underlying is chosen"},
		{model{"queryType": "chain", "underlying": "NONE"}, "There are no options"},
		{model{"queryType": "movers", "segment": "$segment"}, "$segment has no value"},
	} {
		answer := w.ask(t, bad.query)
		if text := noticeTexts(answer.Frames); answer.Error != nil || !strings.Contains(text, bad.says) {
			t.Errorf("%.80v: error %v, notices %q; wanted %q", bad.query, answer.Error, text, bad.says)
		}
		from, to := window()
		rule := w.askIn(t, bad.query, from, to, map[string]string{"FromAlert": "true"})
		if rule.Error == nil {
			t.Errorf("%.80v gives an alert rule nothing, and no error", bad.query)
		}
	}
	mixed := w.ask(t, model{"queryType": "ticks", "instruments": []string{"{NSE:INFY,NSE:NONE}"}})
	if mixed.Error != nil || mixed.Frames[0].Rows() != 1 || !strings.Contains(noticeTexts(mixed.Frames), "NSE:NONE") {
		t.Errorf("one unknown among others: %v %q", mixed.Error, noticeTexts(mixed.Frames))
	}
	years := w.askIn(t, model{"instruments": []string{infy}, "interval": "1m"}, time.Now().AddDate(-3, 0, 0), time.Now(), nil)
	if text := noticeTexts(years.Frames); years.Error != nil || !strings.Contains(text, "shorter range or a wider interval") {
		t.Errorf("too many candles: %v %q", years.Error, text)
	}
	for _, wrong := range []model{{"queryType": "nonsense"}, {"instruments": []string{infy}, "interval": "2m"}, {"instruments": []string{infy}, "field": "nothing"}} {
		if answer := w.ask(t, wrong); answer.Error == nil || answer.Status != backend.StatusBadRequest {
			t.Errorf("%v: status %d, error %v", wrong, answer.Status, answer.Error)
		}
	}
}

func (w *world) manyAtOnce(t *testing.T) {
	from, to := window()
	queries := map[string]any{"bad": model{"queryType": "nonsense"}}
	for i := range 20 {
		queries[fmt.Sprintf("Q%d", i)] = model{"instruments": []string{infy}, "interval": "5m"}
	}
	responses, err := w.backend.Query(t.Context(), w.settings, harness.Ask{From: from, To: to, Interval: time.Minute, MaxDataPoints: 500, Queries: queries})
	if err != nil || len(responses) != 21 {
		t.Fatalf("%d answers, %v", len(responses), err)
	}
	for ref, answer := range responses {
		if (answer.Error != nil) != (ref == "bad") {
			t.Errorf("%s: %v", ref, answer.Error)
		}
		for _, frame := range answer.Frames {
			if frame.RefID != ref {
				t.Errorf("a frame of %s is marked %s", ref, frame.RefID)
			}
		}
	}
}
