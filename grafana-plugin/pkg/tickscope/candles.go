package tickscope

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// MaxBatch is how many instruments one request for candles may name.
const MaxBatch = 100

// CandleRequest asks for candles of several instruments.
type CandleRequest struct {
	Instruments []string
	Interval    string // 1m, 5m, 15m, 1h, 1d
	From, To    time.Time
	Fill        string // none, previous; empty is none
	Backfill    bool
	Limit       int           // candles an instrument, the newest; 0 is Tickscope's own
	Wait        time.Duration // for the broker; afterwards what there is
}

// Candle of one bucket. Time is where the bucket begins; prices are rupees; nil is unknown, never 0.
type Candle struct {
	Time         time.Time `json:"time"`
	Open         float64   `json:"open"`
	High         float64   `json:"high"`
	Low          float64   `json:"low"`
	Close        float64   `json:"close"`
	Volume       *int64    `json:"volume"`
	OpenInterest *int64    `json:"openInterest"`
	Trades       *int64    `json:"trades"`
	VWAP         *float64  `json:"vwap"`
	Source       string    `json:"source"`
	Complete     bool      `json:"complete"`
}

// Gap in which the feed was not heard.
type Gap struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// CandleAnswer of one instrument.
type CandleAnswer struct {
	Instrument   Key      `json:"instrument"`
	Interval     string   `json:"interval"`
	Origin       string   `json:"origin"`
	Candles      []Candle `json:"candles"`
	Gaps         []Gap    `json:"gaps"`
	Completeness *float64 `json:"completeness"`
	Backfilled   int      `json:"backfilled"`
	Warnings     []string `json:"warnings"`
}

// CandleResult is an answer, or why there is none for this instrument.
type CandleResult struct {
	Requested string `json:"requested"`
	CandleAnswer
	Failure *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

type candleBody struct {
	Instruments []string `json:"instruments"`
	Interval    string   `json:"interval"`
	From        int64    `json:"from"`
	To          int64    `json:"to"`
	Fill        string   `json:"fill,omitempty"`
	Backfill    bool     `json:"backfill"`
	Limit       int      `json:"limit,omitempty"`
	WaitMs      int64    `json:"wait_ms"`
}

// Candles of up to MaxBatch instruments in one request, in the order asked.
func (c *Client) Candles(ctx context.Context, request CandleRequest) ([]CandleResult, error) {
	var answer struct {
		Results []CandleResult `json:"results"`
	}
	err := c.post(ctx, "/api/candles/batch", candleBody{
		Instruments: request.Instruments,
		Interval:    request.Interval,
		From:        request.From.UnixMilli(),
		To:          request.To.UnixMilli(),
		Fill:        request.Fill,
		Backfill:    request.Backfill,
		Limit:       request.Limit,
		WaitMs:      request.Wait.Milliseconds(),
	}, &answer)
	return answer.Results, err
}

// Query writes a candle request as GET /api/candles has it, which is what a person pastes into a browser.
func (r CandleRequest) Query(instrument string) url.Values {
	query := url.Values{"instrument": {instrument}, "interval": {r.Interval}}
	setRange(query, r.From, r.To)
	set(query, "fill", r.Fill)
	if !r.Backfill {
		query.Set("backfill", "false")
	}
	setInt(query, "limit", r.Limit)
	query.Set("wait_ms", strconv.FormatInt(r.Wait.Milliseconds(), 10))
	return query
}
