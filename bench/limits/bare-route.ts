import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { v7 } from 'uuid';

/** The least that a Nest route does which keeps what it is sent: one INSERT of the same row, then the answer. */
const pool = new pg.Pool({ connectionString: process.argv[2] ?? '', max: 10 });

@Controller()
class BareController {
  @Post('records')
  async records(@Body() body: unknown) {
    const id = v7();
    const now = new Date().toISOString();
    await pool.query(
      `insert into inbox (id, kind, source, payload, item_count, received_at, received_by, state, next_try_at)
       values ($1, 'records', 'bare', $2, 1, $3, 'bare', 'done', $3)`,
      [id, JSON.stringify([body]), now],
    );
    return { id };
  }
}

@Module({ controllers: [BareController] })
class BareModule {}

const app = await NestFactory.create(BareModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`${await app.getUrl()}\n`);
process.once('SIGTERM', () => void app.close().then(() => pool.end()));
