// Package plugin answers Grafana: queries, health, resources and streams of the data source "Tickscope".
package plugin

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// ID of the plugin, as src/datasource/plugin.json has it.
const ID = "tickscope-market-datasource"

// maxConcurrentQueries of one request: a dashboard's panels send one each, an alert rule a few.
const maxConcurrentQueries = 8

// Datasource is one configured data source. Grafana makes a new one when the settings change.
type Datasource struct {
	uid       string
	client    *tickscope.Client
	stream    *tickscope.Stream
	now       func() time.Time
	resources backend.CallResourceHandler
}

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ backend.StreamHandler         = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// NewDatasource reads the settings. Wrong ones are not an error here, where Grafana would hide the sentence: each
// answer then says what is wrong.
func NewDatasource(ctx context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	client, err := newClient(ctx, settings)
	if err != nil {
		return &misconfigured{err}, nil
	}
	return newDatasource(settings.UID, client, time.Now), nil
}

func newDatasource(uid string, client *tickscope.Client, now func() time.Time) *Datasource {
	d := &Datasource{uid: uid, client: client, stream: client.NewStream(reportStream), now: now}
	mux := http.NewServeMux()
	d.routes(mux)
	d.resources = httpadapter.New(mux)
	return d
}

// Dispose ends what lives as long as the settings. Twice is safe.
func (d *Datasource) Dispose() { d.stream.Close() }

// CallResource answers the editors and variables.
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	return d.resources.CallResource(ctx, req, sender)
}

// QueryData answers the queries of a request at the same time, each for itself.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	from := originOf(req.Headers)
	response := backend.NewQueryDataResponse()
	var lock sync.Mutex
	var group errgroup.Group
	group.SetLimit(maxConcurrentQueries)
	for _, raw := range req.Queries {
		group.Go(func() error {
			answer := d.answer(ctx, raw, from)
			lock.Lock()
			defer lock.Unlock()
			response.Responses[raw.RefID] = answer
			return nil
		})
	}
	return response, group.Wait()
}

func (d *Datasource) answer(ctx context.Context, raw backend.DataQuery, from requestOrigin) (response backend.DataResponse) {
	defer func() {
		// A goroutine that panics would end the back end for every dashboard.
		if cause := recover(); cause != nil {
			backend.Logger.Error("a query failed in the plugin", "cause", cause, "stack", string(debug.Stack()))
			response = failed(fmt.Errorf("the plugin failed on this query (%v); Grafana's log has the details", cause))
		}
	}()
	q, err := parseQuery(raw, from, d.uid, d.now())
	if err != nil {
		return failed(mistake(err.Error()))
	}
	frames, err := d.frames(ctx, q)
	if err != nil {
		return failed(err)
	}
	for _, frame := range frames {
		frame.RefID = raw.RefID
	}
	return backend.DataResponse{Frames: frames, Status: backend.StatusOK}
}

// result of a query type before it is made to fit who asked.
type result struct {
	frames []*data.Frame
	// notices about the query as a whole; those about one frame are on it.
	notices []data.Notice
	shape   shape
}

// queryTypes are the answers by name; `queryType` of a stored query.
func (d *Datasource) queryTypes() map[string]func(context.Context, query) (result, error) {
	return map[string]func(context.Context, query) (result, error){
		"candles": d.candles,
		"oi":      d.openInterest,
		"depth":   d.depth,
		"ticks":   d.ticks,
		"vix":     d.vix,
		"chain":   d.chain,
		"movers":  d.movers,
		"quality": d.quality,
		"events":  d.events,
	}
}

func (d *Datasource) frames(ctx context.Context, q query) ([]*data.Frame, error) {
	answer, known := d.queryTypes()[q.QueryType]
	if !known {
		return nil, mistakef("There is no query type %q. Choose one in the query editor.", q.QueryType)
	}
	found, err := answer(ctx, q)
	if tickscope.IsUnknown(err) || tickscope.IsBadRequest(err) {
		found, err = result{notices: []data.Notice{warning("%s", err.Error())}}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(found.frames) == 0 {
		if q.Unattended && len(found.notices) > 0 {
			return nil, mistake(sentences(found.notices))
		}
		return []*data.Frame{emptyFrame(q.QueryType, distinct(found.notices)...)}, nil
	}
	frames := found.frames
	if q.Reduced {
		if frames, err = reduceAll(frames, q, found.shape); err != nil {
			return nil, err
		}
	} else {
		tellApart(frames)
	}
	if len(frames) == 0 {
		return []*data.Frame{emptyFrame(q.QueryType, distinct(found.notices)...)}, nil
	}
	if notices := distinct(found.notices); len(notices) > 0 {
		frames[0].AppendNotices(notices...)
	}
	return frames, nil
}
