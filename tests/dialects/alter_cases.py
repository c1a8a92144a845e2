"""Statements for which the analysis of ALTER TABLE is compared with servers, and the tables that they change."""

TYPES = """
create domain dom_plain as int; create domain dom_chk as int check (value > 0); create domain dom_v50 as varchar(50);
create type mood as enum ('a','b');
create table parent (id int primary key, x int unique);
create table t (id int primary key, a int check (a > 0), b int, v varchar(50), n numeric(10,2), ts timestamp(3), t2
    timestamp, txt text, txtc text collate "C",
  b10 char(10), va varchar(50)[], o oid, m mood, c cidr, iv interval, iv3 interval(3), dp dom_plain, fk int
    references parent(id), bt bit(8), vb varbit(8), nv int constraint nvc check (nv > 0), ce int, dv dom_v50, ta
    text[], tm time(3));
create index t_v on t(v); create index t_ts on t(ts); create index t_t2 on t(t2); create index t_txtc on t(txtc);
    create index t_txt on t (txt);  create index t_c on t(c); create index t_bt on t(bt); create index t_o on t(o);
create index t_part on t(n) where n > 0; create index t_n on t(n); create index t_inc on t(id) include (v); create
    index t_lower on t(lower(txt)); create index t_va on t using gin (va); create index t_dp on t(dp); create index
    t_b on t(b);
create table child (id int primary key, t_id int references t(id));
insert into parent values (1,1); insert into t(id,a,v,fk,nv) values (1,1,'x',1,1); insert into child values (1,1);
alter table t add constraint ce_c check (ce > 0) not valid;
"""
TYPE_CHANGES = """
alter table t alter v type varchar(100)
alter table t alter v type text collate "C"
alter table t alter txtc type varchar
alter table t alter txtc type text collate "C"
alter table t alter txt type varchar
alter table t alter txt type varchar collate "C"
alter table t alter n type numeric(12,2)
alter table t alter a type int
alter table t alter nv type int
alter table t alter nv type oid
alter table t alter ce type oid
alter table t alter b type oid
alter table t alter o type int
alter table t alter ts type timestamp(6)
alter table t alter ts type timestamptz(3)
alter table t alter ts type timestamptz(6)
alter table t alter t2 type timestamptz
alter table t alter t2 type timestamptz using (t2::timestamptz)
alter table t alter va type varchar(100)[]
alter table t alter va type text[]
alter table t alter va type varchar[]
alter table t alter ta type varchar[]
alter table t alter c type inet
alter table t alter bt type varbit
alter table t alter vb type varbit(16)
alter table t alter iv type interval(6)
alter table t alter iv3 type interval(4)
alter table t alter iv type interval year to month
alter table t alter b type dom_plain
alter table t alter dp type int
alter table t alter dp type bigint
alter table t alter v type dom_v50
alter table t alter dv type varchar(100)
alter table t alter dv type varchar(40)
alter table t alter dv type text
alter table t alter tm type time
alter table t alter tm type time(4)
alter table t alter b10 type bpchar
alter table t alter b10 type text
alter table t alter v type bpchar
alter table t alter txt type bpchar
alter table t alter m type text
alter table t alter txt type mood
alter table t alter fk type int
alter table parent alter id type bigint
alter table parent alter id type int
alter table t alter id type int
alter table t alter id type bigint
alter table parent alter x type bigint
alter table t alter a type bigint using a::bigint
alter table t alter a type int using a
alter table t alter a type int using (a)
alter table t alter v type varchar(100) using v::text
alter table t alter v type varchar(100) using trim(v)
alter table t alter txt type text using txt collate "C"
alter table t alter v type varchar(100), alter n type numeric(12,2)
alter table t alter n type int
alter table t alter txt type int
"""
TABLES = """
create domain dom_chk as int check (value > 0); create domain dom_plain as int; create domain dom_nn as int not null;
create table parent (id int primary key, x int unique);
create sequence sq;
create table t (id serial primary key, a int check (a > 0), b int, v varchar(50), nn int not null, fk int constraint
    tfk references parent(id), idc int generated always as identity, st int generated always as (1) stored);
create unique index u_a on t(a); create unique index u_nn on t(nn); create index i_b on t(b);
create table child (id int primary key, t_id int constraint childfk references t(id));
create table nvfk (id int, p int); alter table nvfk add constraint nvfk_c foreign key (p) references parent not
    valid; alter table nvfk add constraint nvfk_ck check (p>0) not valid;
create table empty (id int);
create table pt (id int not null, r int not null, b int) partition by range (r);
create table pt1 partition of pt for values from (0) to (10); create table pt2 partition of pt for values from (10)
    to (20);
create table pp (id int primary key, x int) partition by range(id); create table pp1 partition of pp for values from
    (0) to (10);
create table loose (id int);
create table base (id int, a int); create table kid () inherits (base);
create unlogged table un (id int primary key, s serial);
create function ftrig() returns trigger language plpgsql as 'begin return new; end'; create trigger trg before
    insert on t for each row execute function ftrig(); create trigger trgp before insert on pt for each row execute
    function ftrig();
create view vv as select id, a from t; create materialized view mv as select id from t; create index mvi on mv(id);
create table ud (d dom_plain, da dom_plain[]);
create function inl() returns int language sql volatile as 'select 1'; create function inl2() returns timestamptz
    language sql volatile as 'select now()';
insert into parent values (1,1); insert into t(a,b,v,nn,fk) values (1,1,'x',1,1); insert into child values (1,1);
    insert into pt values (1,1,1),(11,11,1); insert into pp values (1,1); insert into nvfk values (1,1); insert into
    base values (1,1); insert into kid values (2,2); insert into ud values (1,'{1}');
"""
CHANGES = """
alter table t add column n int not null default 3 check (n>0)
alter table t add column n serial check (n>0)
alter table t add column n dom_nn default 3
alter table t add column n int default 1 references parent
alter table t add column n int default nextval('sq')
alter table t add column n serial
alter table pt add column n serial
alter table t owner to pg_monitor
alter table t add constraint z unique using index u_a
alter table t add constraint u_a unique using index u_a
alter table t add foreign key (b) references pp
alter table t add foreign key (b) references pp not valid
alter table pt add foreign key (b) references pp
alter table t drop constraint tfk
alter table t drop constraint t_a_check
alter table t drop constraint t_pkey cascade
alter table t drop column fk
alter table t drop column id cascade
alter table t drop column idc
alter table t drop column b
alter table t drop column st
alter table pt drop column b
alter table t alter constraint tfk deferrable
alter table nvfk validate constraint nvfk_c
alter table nvfk validate constraint nvfk_ck
alter table t validate constraint tfk
alter table t validate constraint t_a_check
alter table un set logged
alter table un set unlogged
alter table t cluster on i_b
alter table t replica identity using index u_nn
alter table t replica identity nothing
alter table kid no inherit base
alter table base add column z int
alter table base add check (a > 0)
alter table base add check (a > 0) no inherit
alter table only base add check (a > 0) no inherit
alter table base alter a set not null
alter table base alter a drop not null
alter table base alter a set default 4
alter table base alter a set statistics 4
alter table base alter a set storage plain
alter table base alter a set (n_distinct=4)
alter table base add primary key (id)
alter table base alter a type bigint
alter table pt alter b set not null
alter table pt alter id drop not null
alter table pt alter b set default 3
alter table pt alter b set statistics 4
alter table pt disable trigger trgp
alter table pt disable trigger all
alter table t enable replica trigger trg
alter table t enable always trigger trg
alter table t alter idc drop identity
alter table t alter idc set generated by default
alter table t alter idc restart
alter table t alter nn add generated always as identity
alter table t alter st drop expression
alter table t alter st set expression as (2)
alter table t set (fillfactor=70)
alter table t set (user_catalog_table=true)
alter table pt set (fillfactor=70)
alter table pt alter b type bigint
alter table pt add unique (r)
alter table pt add primary key (id, r)
alter table pt add check (b > 0)
alter table pt add check (b > 0) not valid
alter table pt add constraint x foreign key (b) references parent not valid
alter table nvfk add primary key (id)
alter table t add unique (b) include (v)
alter table t add exclude (b with =)
alter view vv alter a set default 3
alter view vv set (security_barrier=true)
alter table vv alter a set default 3
alter materialized view mv cluster on mvi
alter materialized view mv set (fillfactor=70)
alter index i_b set (fillfactor=70)
alter index i_b set tablespace pg_default
alter table i_b set (fillfactor=70)
alter table pt enable row level security
alter table t set without cluster
alter table t set tablespace pg_default
alter table t set access method heap
alter domain dom_plain add check (value > 0)
alter domain dom_plain add check (value > 0) not valid
alter domain dom_plain set not null
alter domain dom_plain drop not null
alter domain dom_plain set default 3
alter domain dom_nn drop not null
alter table t drop constraint if exists nix
alter table t drop column if exists nix
alter table t alter constraint tfk not enforced
alter table child add constraint ne foreign key (t_id) references t not enforced
alter table t add constraint ne check (b>0) not enforced
alter table t add constraint nn2 not null b
alter table t add constraint nn2 not null b not valid
alter table base add constraint nn2 not null a
alter table base add constraint nn2 not null a no inherit
alter table t alter nn set not null
alter table t add constraint p check (b is not null)
alter table t rename constraint tfk to x
alter table t alter a set storage plain
alter table t alter a set statistics 3
alter table t add column st2 int generated always as (a*2) virtual
alter table t add column vi int generated always as (a*2) stored check (vi > 0)
alter table t alter a set default 3, alter b set not null
alter table t add constraint z unique (a) deferrable
alter table pp alter x type bigint
alter table pp alter id type bigint
alter table t drop constraint t_a_check, add constraint t_a_check check (a > -1)
alter table t drop column b, add column b text
alter table t add column x uuid default gen_random_uuid(), add column y int default 3
"""
FAMILIES = """
create table parent (id int primary key, x int unique);
create table pt (id int not null, r int not null, b int constraint bck check (b > 0), v varchar(50), g int generated
    always as (1) stored, i int not null, fk int constraint ptfk references parent) partition by range (r);
create table pt1 partition of pt for values from (0) to (10); create table pt2 partition of pt for values from (10)
    to (20);
alter table pt add primary key (id, r);
create index pt_v on pt (v); create index pt_e on pt (lower(v));
create table pp (id int primary key, x int) partition by range(id); create table pp1 partition of pp for values from
    (0) to (10);
create table c (id int primary key, pp int constraint c_pp references pp);
create table base (id int primary key, a int, v varchar(50) constraint vck check (v <> '')); create table kid ()
    inherits (base); create index kid_v on kid (lower(v));
alter table base add constraint nv check (a > 0) not valid; alter table pt add constraint nv check (id > 0) not valid;
create schema app; create table app.t (id serial primary key, v varchar(50), n int generated by default as identity);
create index t_v on app.t (v);
insert into parent values (1,1); insert into pt (id,r,b,v,i,fk) values (1,1,1,'a',1,1),(11,11,1,'a',1,1); insert
    into pp values (1,1); insert into c values (1,1); insert into base values (1,1,'a'); insert into kid values
    (2,2,'b'); insert into app.t values (1,'x',1);
"""
FAMILY_CHANGES = """
alter table pt alter i add generated always as identity
alter table pt alter v set storage plain
alter table pt alter v set compression pglz
alter table pt alter g drop expression
alter table pt alter g set expression as (2)
alter table pt drop constraint bck
alter table pt drop constraint ptfk
alter table pt drop constraint pt_pkey
alter table pt validate constraint nv
alter table pt validate constraint bck
alter table pt alter v type varchar(100)
alter table pt alter v type text collate "C"
alter table pt alter b type int
alter table pt alter b type bigint
alter table pt1 alter b set not null
alter table pt1 alter v set default 'x'
alter table pt1 drop column b
alter table only pt alter b set default 3
alter table only pt add column z int
alter table only pt alter b set statistics 5
alter table pt drop column v
alter table pt drop column fk
alter table pt add column u uuid default gen_random_uuid()
alter table pt add column u int references parent
alter table pt add column u int check (u > 0)
alter table pt add unique (r, b)
alter table pt owner to pg_monitor
alter table pt replica identity full
alter table pt alter constraint ptfk deferrable
alter table c drop constraint c_pp
alter table c alter pp type bigint
alter table c alter constraint c_pp deferrable
alter table pp drop constraint pp_pkey cascade
alter table pp alter x type bigint
alter table base alter v type varchar(100)
alter table base alter v type text
alter table base drop constraint vck
alter table base drop constraint nv
alter table base validate constraint nv
alter table base drop column v
alter table base add column s serial
alter table only base add column s serial
alter table base alter a set not null
alter table kid alter a set not null
alter table kid alter v type varchar(100)
alter table kid drop column v
alter table base alter v set compression pglz
alter table base owner to pg_monitor
alter table app.t alter v type text
alter table app.t drop column id
alter table app.t drop column n
alter table app.t alter n drop identity
alter table app.t drop constraint t_pkey
alter table app.t add unique (v)
alter table app.t alter id type bigint
alter table app.t owner to pg_monitor
alter table app.t set unlogged
alter table app.t cluster on t_v
alter table app.t alter n set generated always
"""
