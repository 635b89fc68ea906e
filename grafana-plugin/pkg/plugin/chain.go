package plugin

import (
	"context"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const defaultStrikes = 10

func (d *Datasource) chain(ctx context.Context, q query) (result, error) {
	underlying := strings.TrimSpace(q.Underlying)
	if underlying == "" || hasVariable(underlying) {
		return result{notices: []data.Notice{warning("No underlying is chosen. Choose one in the query (NIFTY), or a value in the dashboard's variable.")}}, nil
	}
	expiry := strings.TrimSpace(q.Expiry)
	if expiry == "nearest" || hasVariable(expiry) {
		expiry = ""
	}
	strikes := defaultStrikes
	if q.Strikes >= 1 {
		strikes = int(q.Strikes)
	}
	answer, err := d.client.Chain(ctx, underlying, expiry, strikes)
	if err != nil {
		return result{}, err
	}
	of := shape{Labels: []string{"strike"}}
	var frame *data.Frame
	switch q.View {
	case "", "matrix":
		frame, of.Main = chainMatrix(answer), "call_oi"
	case "oi":
		frame, of.Main = chainOpenInterest(answer), "call_oi"
	case "summary":
		frame, of = chainSummary(answer), shape{Main: "put_call_ratio"}
	default:
		return result{}, mistakef("The option chain has no view %q: choose matrix, oi or summary.", q.View)
	}
	if q.View != "summary" {
		asBars(fieldsNamed(frame, "call_oi", "put_oi")...)
	}
	for _, field := range frame.Fields {
		if field.Type().Numeric() {
			field.Labels = data.Labels{"underlying": answer.Underlying, "expiry": answer.Expiry}
		}
	}
	return result{one(frame), nil, of}, nil
}

// legs make a column of one side; a strike whose leg is not listed has nil.
func legs[Value any](rows []tickscope.ChainRow, side func(tickscope.ChainRow) *tickscope.Leg, value func(tickscope.Leg) *Value) []*Value {
	return column(rows, func(row tickscope.ChainRow) *Value {
		if leg := side(row); leg != nil {
			return value(*leg)
		}
		return nil
	})
}

func call(row tickscope.ChainRow) *tickscope.Leg { return row.Call }
func put(row tickscope.ChainRow) *tickscope.Leg  { return row.Put }

func legOI(leg tickscope.Leg) *int64        { return leg.OpenInterest }
func legOIChange(leg tickscope.Leg) *int64  { return leg.OpenInterestChange }
func legVolume(leg tickscope.Leg) *int64    { return leg.Volume }
func legIV(leg tickscope.Leg) *float64      { return leg.IV }
func legChange(leg tickscope.Leg) *float64  { return leg.ChangePercent }
func legLTP(leg tickscope.Leg) *float64     { return leg.LastPrice }
func strike(row tickscope.ChainRow) float64 { return row.Strike }
func legName(leg tickscope.Leg) *string     { name := chainExchange + leg.Symbol; return &name }

// chainExchange of options: NSE's derivatives.
const chainExchange = "NFO:"

func chainMatrix(answer tickscope.ChainAnswer) *data.Frame {
	rows := answer.Strikes
	return table(answer.Underlying+" "+answer.Expiry, answer.Origin,
		quantities("call_oi", legs(rows, call, legOI)),
		quantities("call_oi_change", legs(rows, call, legOIChange)),
		quantities("call_volume", legs(rows, call, legVolume)),
		shares("call_iv", legs(rows, call, legIV)),
		percents("call_change_percent", legs(rows, call, legChange)),
		prices("call_ltp", legs(rows, call, legLTP)),
		field("strike", column(rows, strike), data.FieldConfig{}),
		prices("put_ltp", legs(rows, put, legLTP)),
		percents("put_change_percent", legs(rows, put, legChange)),
		shares("put_iv", legs(rows, put, legIV)),
		quantities("put_volume", legs(rows, put, legVolume)),
		quantities("put_oi_change", legs(rows, put, legOIChange)),
		quantities("put_oi", legs(rows, put, legOI)),
		texts("call_instrument", legs(rows, call, legName)),
		texts("put_instrument", legs(rows, put, legName)),
	)
}

func chainOpenInterest(answer tickscope.ChainAnswer) *data.Frame {
	rows := answer.Strikes
	return table(answer.Underlying+" "+answer.Expiry+" OI", answer.Origin,
		field("strike", column(rows, strike), data.FieldConfig{}),
		quantities("call_oi", legs(rows, call, legOI)),
		quantities("put_oi", legs(rows, put, legOI)),
		quantities("call_oi_change", legs(rows, call, legOIChange)),
		quantities("put_oi_change", legs(rows, put, legOIChange)),
	)
}

func chainSummary(answer tickscope.ChainAnswer) *data.Frame {
	var spot *float64
	if answer.Spot != nil {
		spot = answer.Spot.Price
	}
	return table(answer.Underlying+" "+answer.Expiry+" summary", answer.Origin,
		texts("underlying", one(answer.Underlying)),
		texts("expiry", one(answer.Expiry)),
		prices("spot", one(spot)),
		field("atm_strike", one(answer.AtmStrike), data.FieldConfig{}),
		ratios("put_call_ratio", one(answer.Totals.PutCallRatio)),
		field("max_pain", one(answer.Totals.MaxPain), data.FieldConfig{}),
		quantities("call_oi", one(answer.Totals.CallOpenInterest)),
		quantities("put_oi", one(answer.Totals.PutOpenInterest)),
		field("days_to_expiry", one(answer.DaysToExpiry), data.FieldConfig{}),
	)
}
